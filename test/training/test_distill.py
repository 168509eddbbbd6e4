# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training from nothing to a model folder, killed on the way, and told nonsense."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from support.project import PROJECT
from training.calibration.assessment import assess
from training.data.class_counts import class_counts
from training.data.splits import load_splits
from training.fitting.loop import learning_rate
from training.run.settings import FitSettings, parse_settings
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.model.store import load_model

pytestmark = pytest.mark.timeout(1200)  # whole trainings, which take minutes on a machine that does other things, too
SMOKE = PROJECT / 'training' / 'configs' / 'smoke.yaml'
SHORT = ['--student_fit.epochs=2']


def _command(run: Path, *extra: str) -> list[str]:
    return [sys.executable, 'training/distill.py', '--config', str(SMOKE), '--run', str(run), *SHORT, *extra]


def _distill(run: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(run, *extra), cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.fixture(scope='module')
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp('runs') / 'whole'
    done = _distill(run)
    assert done.returncode == 0, done.stderr
    return run


def test_a_run_ends_with_a_loadable_model_and_a_report(uninterrupted: Path) -> None:
    stored = load_model(uninterrupted / 'model')
    assert stored.card.name == 'smoke'
    assert stored.card.provenance.seeds == (1, 2)
    assert not {'run', 'out'} & set(stored.card.provenance.config)  # where files lay says nothing to others
    report = json.loads((uninterrupted / 'report.json').read_text())
    assert {a['network'] for a in report['assessments']} == {'student', 'baseline', 'teacher'}
    # What the card states is what the stored model gives on the data set, and more than one class everywhere gives.
    splits = load_splits(parse_settings([f'--config={SMOKE}']).data, stored.card.student)
    again = assess([(student_network(stored.student), splits.val)], ('entropy',))
    assert stored.card.metrics['val_miou'] == pytest.approx(again.miou, abs=1e-3)
    counts = class_counts(splits.val)
    assert again.miou > float(counts.max() / counts.sum()) / int((counts > 0).sum())
    assert (uninterrupted / 'contact_sheet.png').is_file()
    assert 'Limits' in (uninterrupted / 'model' / 'MODEL_CARD.md').read_text()


def test_killed_in_the_middle_it_goes_on_and_ends_the_same(uninterrupted: Path, tmp_path: Path) -> None:
    run = tmp_path / 'killed'
    process = subprocess.Popen(
        _command(run),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    # Die between two epochs of the second member: one checkpoint is there, the next is under way.
    deadline = time.monotonic() + 120
    while not (run / 'member01.ckpt').is_file():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (run / 'model').exists()

    done = _distill(run)
    assert done.returncode == 0, done.stderr
    assert 'member01: resumed after epoch' in done.stdout
    whole, resumed = (load_model(folder / 'model').student.state_dict() for folder in (uninterrupted, run))
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=1e-3, atol=1e-3, msg=name)


def test_a_run_folder_refuses_another_student_and_takes_it_as_a_variant(uninterrupted: Path) -> None:
    done = _distill(uninterrupted, '--student_fit.lr=0.5')
    assert done.returncode == 1
    assert 'student_fit.lr was 0.003, is 0.5); choose another --variant' in done.stderr
    assert done.stderr.count('\n') == 1
    done = _distill(uninterrupted, '--student_fit.lr=0.002', '--student_fit.epochs=1', '--variant=slow')
    assert done.returncode == 0, done.stderr
    assert 'member01: already trained, 4 epochs' in done.stdout
    for folder in (uninterrupted, uninterrupted / 'students' / 'slow'):
        assert load_model(folder / 'model').card.name == 'smoke'
        assert (folder / 'report.md').is_file()


def test_a_run_holds_members_as_weights_alone_and_says_how_far_they_disagree(uninterrupted: Path) -> None:
    assert sorted(path.name for path in uninterrupted.glob('member*')) == [
        'member00.safetensors',
        'member01.safetensors',
    ]
    report = json.loads((uninterrupted / 'ensemble.json').read_text())
    assert set(report['miou']) == {'member00', 'member01'} and 0.0 < report['disagreement'] < 1.0


def test_shares_trained_apart_are_gathered_by_copying(uninterrupted: Path, tmp_path: Path) -> None:
    share = [sys.executable, 'training/ensemble.py', '--config', str(SMOKE), '--run', str(tmp_path), '--members', '1']
    done = subprocess.run(share, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    name = 'member01.safetensors'
    assert (tmp_path / name).is_file() and not (tmp_path / 'member00.safetensors').exists()
    # Trained in another process, in another order: the same weights to rounding.
    ours, theirs = (load_file(folder / name) for folder in (tmp_path, uninterrupted))
    for key, value in ours.items():
        torch.testing.assert_close(theirs[key], value, rtol=1e-3, atol=1e-3, msg=key)


def test_two_shares_that_start_together_share_a_run_folder(tmp_path: Path) -> None:
    command = [sys.executable, 'training/ensemble.py', '--config', str(SMOKE), '--run', str(tmp_path)]
    command += ['--data.sequence_length=1']
    processes = [
        subprocess.Popen([*command, '--members', share], cwd=PROJECT, stderr=subprocess.PIPE, text=True)
        for share in '01'
    ]
    for process in processes:
        assert process.communicate()[1] == '' and process.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *('config.json', 'ensemble_00.json', 'ensemble_01.json', 'member00.safetensors', 'member01.safetensors'),
    ]
    for share in '01':
        assert list(json.loads((tmp_path / f'ensemble_0{share}.json').read_text())['miou']) == [f'member0{share}']


@pytest.mark.parametrize(
    ('argument', 'named'),
    [
        ('--colour=red', 'colour'),
        ('--student.colour=red', 'student.colour'),
        ('--student.head=fancy', 'student.head'),
        ('--student_fit.lr=fast', 'student_fit.lr'),
        ('--student_fit.epochs=0', 'student_fit.epochs'),
        ('--calibration.false_alarm_rate=1.5', 'calibration.false_alarm_rate'),
        ('--config=nowhere.yaml', 'nowhere.yaml'),
        ('--members=[{epochs: 1, colour: red}]', 'colour'),
        ('--variant=../elsewhere', 'variant'),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(argument: str, named: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings([f'--config={SMOKE}', argument])
    assert named in str(refused.value) and '\n' not in str(refused.value)


def test_a_bad_setting_ends_the_program_with_one_line(tmp_path: Path) -> None:
    done = _distill(tmp_path, '--colour=red')
    assert done.returncode == 1
    assert done.stderr == 'error: unrecognized arguments: --colour=red\n'


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / 'member00.ckpt').write_bytes(b'not a checkpoint')
    done = _distill(tmp_path)
    assert done.returncode == 1
    assert 'member00.ckpt: not a checkpoint of this network' in done.stderr
    assert done.stderr.count('\n') == 1


def test_missing_weights_of_the_encoder_are_explained(tmp_path: Path) -> None:
    done = _distill(tmp_path, '--pretrained=true')
    assert done.returncode == 1
    assert 'no weights for mobilenet_v2 at width 0.35' in done.stderr


def test_the_learning_rate_warms_up_then_decays_to_zero() -> None:
    plan = FitSettings(epochs=1, lr=1.0, warmup=0.1)
    rates = [learning_rate(plan, step, 100) for step in range(100)]
    peak = rates.index(max(rates))
    assert peak == 10 and rates[peak] == 1.0
    assert rates[:11] == sorted(rates[:11]) and rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.03


def test_the_learning_rate_does_not_fall_below_its_floor() -> None:
    rates = [learning_rate(FitSettings(epochs=1, lr=2.0, warmup=0.0, lr_floor=0.5), step, 100) for step in range(100)]
    assert rates[0] == 2.0 and rates[-1] == 1.0 and rates[60:].count(1.0) == 40
