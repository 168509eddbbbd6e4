# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model calibrated anew: another folder with the same network, or one line that says why not."""

import shutil
from pathlib import Path

import pytest

from support.model_folder import edit_card
from training.calibrate import parse_args, recalibrate
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.model.store import load_model


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A model with a card for people."""
    folder = shutil.copytree(tiny_model, tmp_path / 'model')
    (folder / 'MODEL_CARD.md').write_text('# Tiny\n\n## Calibration\n\nof old\n\n## Limits\n\n- many\n')
    edit_card(folder, lambda _: None)
    return folder


def _options(tiny_data: Path, out: Path) -> list[str]:
    return ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--holdout', 's2', '--out', str(out)]


def test_everything_but_the_network_is_found_anew(model: Path, tiny_data: Path, tmp_path: Path) -> None:
    recalibrate(parse_args([str(model), *_options(tiny_data, tmp_path / 'new')]))
    before, after = load_model(model).card, load_model(tmp_path / 'new').card
    assert after.calibration_data.sequences == ('s2',) and after.calibration_data.images == 3
    assert len(after.ood.calibration_scores) == 3
    assert after.ood.false_alarm_rate == before.ood.false_alarm_rate
    assert (after.student, after.provenance) == (before.student, before.provenance)
    assert 0.0 <= after.metrics['val_confidence_ece'] <= 1.0
    text = (tmp_path / 'new' / 'MODEL_CARD.md').read_text()
    assert text.startswith('# Tiny\n') and text.endswith('- many\n')
    assert 'of old' not in text and 'Temperature' in text


def test_other_worlds_help_to_choose_the_score(model: Path, tiny_data: Path, tmp_path: Path) -> None:
    strange = f'{tiny_data}/strange'
    recalibrate(parse_args([str(model), *_options(tiny_data, tmp_path / 'new'), '--ood-sets', strange]))
    figures = load_model(tmp_path / 'new').card.image_score_selection.figures
    assert all(0.0 <= found[strange] <= 1.0 for found in figures.values())


def test_two_temperatures_become_one(model: Path, tiny_data: Path, tmp_path: Path) -> None:
    recalibrate(parse_args([str(model), *_options(tiny_data, tmp_path / 'once')]))
    recalibrate(parse_args([str(tmp_path / 'once'), *_options(tiny_data, tmp_path / 'twice')]))
    once, twice = (load_model(tmp_path / name).card.temperature.value for name in ('once', 'twice'))
    assert twice == pytest.approx(once, rel=0.05)  # a step of the grid, since half precision rounds


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--holdout', 's9'], "data.holdout is ['s9'], expected some of"),
        (['--dataset', 'street'], 'num_classes is 5, expected 8'),
        (['--ood-sets', 'nowhere.mp4'], 'nowhere.mp4: not found'),
        (['--colour', 'red'], 'unrecognized arguments: --colour red'),
    ],
)
def test_nonsense_is_one_line(options: list[str], message: str, model: Path, tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UncdError) as refused:
        recalibrate(parse_args([str(model), *_options(tiny_data, tmp_path / 'new'), '--sequence-length=1', *options]))
    assert message in str(refused.value) and '\n' not in str(refused.value)


def test_a_card_without_a_place_for_it_is_refused_before_the_work(model: Path, tiny_data: Path, tmp_path: Path) -> None:
    (model / 'MODEL_CARD.md').write_text('# Tiny\n')
    edit_card(model, lambda _: None)
    with pytest.raises(ConfigError, match="no section '## Calibration'"):
        recalibrate(parse_args([str(model), *_options(tiny_data, tmp_path / 'new')]))
    assert not (tmp_path / 'new').exists()
