# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Students that differ in one thing each, over one ensemble."""

import json
from pathlib import Path

import pytest

from support.project import PROJECT
from training.comparison.sweep_file import parse_sweep
from training.members.member import initial_member
from training.members.member_store import store_member
from training.run.settings import parse_settings
from training.sweep import main
from uncd_ros.errors import ConfigError, UncdError

CONFIGS = PROJECT / 'training' / 'configs'
SMOKE = CONFIGS / 'smoke.yaml'
SWEEP = """
common: {student_fit.epochs: 1}
variants:
  paper: {}
  other: {distill.target: predicted_class, distill.scale: log}
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Of a sweep over two members that know nothing."""
    run, sweep = tmp_path / 'run', tmp_path / 'sweep.yaml'
    sweep.write_text(SWEEP)
    settings = parse_settings([f'--config={SMOKE}', f'--run={run}', '--data.sequence_length=1'])
    run.mkdir()
    for index in range(2):
        store_member(settings, index, initial_member(settings))
    return [f'--config={SMOKE}', f'--sweep={sweep}', f'--run={run}', '--data.sequence_length=1']


def test_every_variant_is_trained_judged_and_written_down_once(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(arguments)
    run = tmp_path / 'run'
    written = json.loads((run / 'sweeps' / 'sweep.json').read_text())
    assert list(written['variants']) == ['paper', 'other']
    row = written['variants']['other']
    assert row['changed'] == {'distill.target': 'predicted_class', 'distill.scale': 'log'}
    assert set(row['student']['error_auroc']) == {'entropy', 'mean_std', 'predicted_std'}
    assert set(row['student']['spearman']) == {'mean_std', 'predicted_std'}
    assert set(row['baseline']['error_auroc']) == {'entropy'} and row['teacher']['spearman'] == {}
    table = (run / 'sweeps' / 'sweep.md').read_text()
    assert [line.split('|')[1].strip() for line in table.splitlines() if line.startswith('|')][2:] == [
        'teacher',
        'baseline',
        'paper',
        'other',
    ]
    assert 'student: epoch 1/1' in capsys.readouterr().out

    main(arguments)
    said = capsys.readouterr().out
    assert 'student: epoch' not in said and 'paper: already evaluated' in said
    assert json.loads((run / 'sweeps' / 'sweep.json').read_text()) == written


def test_a_student_that_was_blended_otherwise_is_judged_anew(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for share in (1.0, 0.5):
        common = f'common: {{student_fit.epochs: 1, distill.reinit_head: false, distill.wise_ft_alpha: {share}}}'
        (tmp_path / 'sweep.yaml').write_text(f'{common}\nvariants: {{one: {{}}}}\n')
        main(arguments)
    said = capsys.readouterr().out
    assert said.count('student: epoch 1/1') == 1 and 'already evaluated' not in said
    assert json.loads((tmp_path / 'run' / 'students' / 'one' / 'evaluation.json').read_text())['wise_ft_alpha'] == 0.5
    assert (
        json.loads((tmp_path / 'run' / 'sweeps' / 'sweep.json').read_text())['common']['distill.wise_ft_alpha'] == 0.5
    )


def test_the_command_line_wins_over_what_all_have_in_common_but_not_over_what_makes_a_variant(
    arguments: list[str],
) -> None:
    variants = parse_sweep(
        [*arguments, '--student_fit.epochs=7', '--distill.scale=standardised', '--variant=x']
    ).variants
    assert {name: each.settings.student_fit.epochs for name, each in variants.items()} == {'paper': 7, 'other': 7}
    assert {name: each.settings.variant for name, each in variants.items()} == {'paper': 'paper', 'other': 'other'}
    scales = {name: each.settings.distill.scale for name, each in variants.items()}
    assert scales == {'paper': 'standardised', 'other': 'log'}


def test_members_must_be_there(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / 'run' / 'member01.safetensors').unlink()
    with pytest.raises(ConfigError, match=r'member01\.safetensors: not found'):
        main(arguments)


@pytest.mark.parametrize(
    ('content', 'named'),
    [
        ('variants: {a: {distill.colour: red}}', 'a: .*colour'),
        ('variants: {a: {distill.target: red}}', 'a: .*distill.target'),
        ('variants: {a b: {}}', 'a b: .*variant'),
        ('variants: {a: {distill.unlabelled: [nowhere.mp4]}}', 'nowhere.mp4: not found'),
        ('variants: {a: {}, b: {balance: 0.5}}', 'balance was 0.0, is 0.5'),
        ('variants: {}', 'sweep.yaml: .*expected'),
        ('common: [a]\nvariants: {a: {}}', 'sweep.yaml: .*expected'),
        ('variants: [a]', 'sweep.yaml: .*expected'),
        ('colour: red', 'sweep.yaml: .*expected'),
        ('variants: {a: {', 'sweep.yaml: not YAML'),
    ],
)
def test_a_bad_sweep_is_one_line_before_anything_is_trained(
    content: str, named: str, arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / 'sweep.yaml').write_text(content)
    with pytest.raises(UncdError, match=named) as refused:
        main(arguments)
    assert '\n' not in str(refused.value)
    assert not list((tmp_path / 'run').rglob('student.ckpt'))


@pytest.mark.parametrize('common', ['common:\n', 'common: {}\n', ''])
def test_a_key_without_a_value_changes_nothing(common: str, arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / 'sweep.yaml').write_text(f'{common}variants:\n  plain:\n')
    sweep = parse_sweep(arguments)
    assert (sweep.common, list(sweep.variants), sweep.variants['plain'].changed) == ({}, ['plain'], {})


def test_a_sweep_that_is_not_there_is_named(arguments: list[str]) -> None:
    with pytest.raises(ConfigError, match=r'nowhere\.yaml: cannot be read'):
        parse_sweep([*arguments, '--sweep=nowhere.yaml'])
    with pytest.raises(ConfigError, match='the following arguments are required: --config'):
        parse_sweep(arguments[1:])


def test_the_sweeps_of_camvid_can_be_read() -> None:
    config = f'--config={CONFIGS}/camvid.yaml'
    blends = parse_sweep([config, f'--sweep={CONFIGS}/sweep_camvid_wise_ft.yaml']).variants
    assert {each.settings.distill.wise_ft_alpha for each in blends.values()} == {1.0, 0.6}
    variants = parse_sweep([config, f'--sweep={CONFIGS}/sweep_camvid.yaml']).variants
    assert len(variants) == 11 and variants['paper'].settings.distill.reinit_head
    assert len({str(each.settings.distill) for each in variants.values()}) == 11
    assert 'rain' not in (CONFIGS / 'sweep_camvid.yaml').read_text()
