# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration drives that the student was trained on are refused wherever its card knows them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from training.calibration.trained_drives import check_unseen
from training.data.splits import load_splits
from training.run.settings import DataSettings
from uncd_ros.errors import ConfigError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.store import load_model


@pytest.fixture
def trained(tiny_model: Path, tiny_data: Path) -> ModelCard:
    """A card that says: trained on the tiny CamVid, without s2."""
    card = load_model(tiny_model).card
    settings = DataSettings(dataset='camvid', root=f'{tiny_data}/camvid', holdout=('s2',))
    train = load_splits(settings, card.student).train
    config = {'data': {'dataset': 'camvid', 'root': settings.root, 'holdout': settings.holdout}}
    provenance = replace(card.provenance, config=config, data_fingerprint=train.fingerprint())
    return replace(card, provenance=provenance)


def _check(card: ModelCard, root: Path, drive: str) -> None:
    settings = DataSettings(dataset='camvid', root=str(root), holdout=(drive,))
    check_unseen(card, settings, load_splits(settings, card.student).calibration)


def test_the_drive_that_was_left_out_calibrates(trained: ModelCard, tiny_data: Path) -> None:
    _check(trained, tiny_data / 'camvid', 's2')


@pytest.mark.parametrize('place', ['where it was', 'elsewhere'])
def test_a_drive_that_taught_the_student_is_refused(
    trained: ModelCard, tiny_data: Path, tmp_path: Path, place: str
) -> None:
    root = tiny_data / 'camvid'
    if place == 'elsewhere':
        root = shutil.copytree(root, tmp_path / 'camvid')
    with pytest.raises(ConfigError, match=r'--holdout s1: tiny was trained on it, expected s2'):
        _check(trained, root, 's1')


def test_other_frames_in_the_same_layout_may_have_the_same_names(
    trained: ModelCard, tiny_data: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(tiny_data / 'camvid', tmp_path / 'camvid')
    first = min((root / 'train').glob('s1*.png'))
    other = max((root / 'train').glob('s1*.png'))
    first.write_bytes(other.read_bytes())
    _check(trained, root, 's1')


def test_nothing_is_known_of_another_data_set(trained: ModelCard, tiny_data: Path) -> None:
    config = {'data': {'dataset': 'cityscapes'}}
    card = replace(trained, provenance=replace(trained.provenance, config=config))
    _check(card, tiny_data / 'camvid', 's1')
