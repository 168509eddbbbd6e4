# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration: what is chosen is what did best, on frames given to it, and what is calibrated is what is stored."""

import copy
from pathlib import Path

import pytest
import torch

from training.calibration.calibrate_student import Calibration, assess_calibrated, calibrate
from training.data.augment import CALIBRATION_SHIFTS, WEATHER
from training.data.segdata import SegData, Splits
from training.run.settings import CalibrationSettings
from uncd_ros.errors import ConfigError
from uncd_ros.model.store import StoredModel, load_model
from uncd_ros.network.student import Student
from uncd_ros.scores.image import IMAGE_SCORES

SETTINGS = CalibrationSettings(false_alarm_rate=0.1)


@pytest.fixture(scope='module')
def model(tiny_model: Path) -> StoredModel:
    return load_model(tiny_model)


@pytest.fixture(scope='module')
def splits(model: StoredModel) -> Splits:
    """Two sequences of noise, twelve frames each; the class is what the untrained student says, mostly."""
    torch.manual_seed(0)
    images = torch.randint(0, 256, (24, 3, 48, 64), dtype=torch.uint8)
    with torch.no_grad():
        labels = model.student(model.student.preprocess(images.permute(0, 2, 3, 1))).labels().byte()
    wrong = torch.rand(labels.shape) < 0.3
    frames = SegData(
        images=images,
        labels=torch.where(wrong, (labels + 1) % 5, labels),
        names=tuple(str(i) for i in range(24)),
        sequences=('a',) * 12 + ('b',) * 12,
        classes=model.card.classes,
    )
    return Splits(train=frames, calibration=frames, val=frames)


@pytest.fixture(scope='module')
def calibrated(model: StoredModel, splits: Splits) -> tuple[Student, Calibration]:
    student = copy.deepcopy(model.student)
    return student, calibrate(student, splits, 'camvid', SETTINGS)


def test_the_score_that_tells_shifts_is_served_with_its_reasons(calibrated: tuple[Student, Calibration]) -> None:
    calibration = calibrated[1]
    figures = calibration.image_score_selection.figures
    assert list(figures) == list(IMAGE_SCORES)
    assert all(set(found) == {*CALIBRATION_SHIFTS, 'mean', 'detected'} for found in figures.values())
    assert figures[calibration.image_score]['mean'] >= max(found['mean'] for found in figures.values()) - 0.005
    assert calibration.image_score in calibration.image_score_selection.reason
    assert calibration.uncertainty.name in calibration.uncertainty_selection.reason


def test_what_chooses_is_not_what_judges() -> None:
    assert not set(CALIBRATION_SHIFTS) & {*WEATHER, 'rain', 'snow'}


def test_the_threshold_comes_from_the_unshifted_frames(calibrated: tuple[Student, Calibration], splits: Splits) -> None:
    calibration = calibrated[1]
    scores = calibration.ood.calibration_scores
    assert len(scores) == len(splits.calibration) and list(scores) == sorted(scores)
    # k = ceil(25 * 0.9) = 23
    assert calibration.ood.threshold() == scores[22]
    assert 2 <= calibration.ood.effective_n <= len(splits.calibration)
    assert calibration.false_alarms.effective_n == calibration.ood.effective_n
    low, high = calibration.false_alarms.ci95
    assert low <= calibration.false_alarms.observed <= high


def test_confidence_is_what_the_pixels_earn(calibrated: tuple[Student, Calibration], splits: Splits) -> None:
    student, calibration = calibrated
    assessed = assess_calibrated(student, splits.val, calibration)
    # 30 % of the labels are wrong whatever the network says, so no pixel earns more than 70 %.
    assert assessed.confidence_ece < 0.02
    assert calibration.confidence.table[-1] == pytest.approx(0.7, abs=0.03)


def test_calibration_is_of_the_weights_that_are_stored(calibrated: tuple[Student, Calibration]) -> None:
    values = calibrated[0].state_dict().values()
    assert all(torch.equal(value, value.half().float()) for value in values if value.is_floating_point())


def test_calibration_repeats_itself(
    model: StoredModel, splits: Splits, calibrated: tuple[Student, Calibration]
) -> None:
    again = calibrate(copy.deepcopy(model.student), splits, 'camvid', SETTINGS)
    assert again.card_fields() == calibrated[1].card_fields()


def test_a_single_frame_calibrates_nothing(model: StoredModel, splits: Splits) -> None:
    frame = SegData(
        images=splits.val.images[:1], labels=splits.val.labels[:1], names=('0',), sequences=('a',),
        classes=splits.val.classes,
    )  # fmt: skip
    with pytest.raises(ConfigError, match='calibration has 1 frames, expected hundreds'):
        calibrate(model.student, Splits(train=frame, calibration=frame, val=frame), 'camvid', SETTINGS)
