# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration: what is chosen is what did best, on frames given to it, and what is calibrated is what is stored."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from support.tiny_frames import in_memory
from training.calibration.assessment import image_scores, images
from training.calibration.calibrate_student import Calibration, assess_calibrated, calibrate
from training.calibration.unseen import CalibrationFold
from training.data.augment import CALIBRATION_SHIFTS, WEATHER
from training.data.labelled_frames import LabelledFrames, Subset
from training.data.splits import Splits
from training.run.settings import CalibrationSettings
from uncd_ros.errors import ConfigError
from uncd_ros.model.store import StoredModel, load_model
from uncd_ros.model.weights import round_weights
from uncd_ros.network.student import Student
from uncd_ros.scores.image import IMAGE_SCORES
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES

MEANINGS = dict.fromkeys(PIXEL_UNCERTAINTIES, 'as it says')
SETTINGS = CalibrationSettings(false_alarm_rate=0.1)


@pytest.fixture(scope='module')
def model(tiny_model: Path) -> StoredModel:
    return load_model(tiny_model)


def _frames(model: StoredModel, seed: int, brightest: int, count: int) -> LabelledFrames:
    """Noise in two sequences; the label is the class that the untrained student predicts, but for 30 % of pixels."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, brightest, (count, 3, 48, 64), dtype=torch.uint8, generator=generator)
    with torch.no_grad():
        labels = model.student(model.student.preprocess(images.permute(0, 2, 3, 1))).labels().byte()
    wrong = torch.rand(labels.shape, generator=generator) < 0.3
    sequences = (f'{seed}a',) * (count // 2) + (f'{seed}b',) * (count - count // 2)
    return in_memory(images, torch.where(wrong, (labels + 1) % 5, labels), sequences, model.card.classes)


@pytest.fixture(scope='module')
def splits(model: StoredModel) -> Splits:
    """Three splits that differ in number and brightness, so that a leak from one into another shows."""
    return Splits(
        train=_frames(model, 0, 200, 30), calibration=_frames(model, 1, 256, 24), val=_frames(model, 2, 230, 10)
    )


def _fold(student: Student, splits: Splits) -> CalibrationFold:
    return CalibrationFold(student=student, train=splits.train, unseen=splits.calibration)


@pytest.fixture(scope='module')
def calibrated(model: StoredModel, splits: Splits) -> tuple[Student, Calibration]:
    student = copy.deepcopy(model.student)
    return student, calibrate([_fold(student, splits)], 'camvid', SETTINGS, MEANINGS)


def test_the_score_that_tells_shifts_is_served_with_its_reasons(calibrated: tuple[Student, Calibration]) -> None:
    calibration = calibrated[1]
    figures = calibration.image_score_selection.figures
    assert list(figures) == list(IMAGE_SCORES)
    assert all(set(found) == {*CALIBRATION_SHIFTS, 'mean', 'detected'} for found in figures.values())
    assert figures[calibration.image_score]['mean'] >= max(found['mean'] for found in figures.values()) - 0.005
    assert calibration.image_score in calibration.image_score_selection.reason
    assert calibration.uncertainty.name in calibration.uncertainty_selection.reason


def test_only_the_calibration_frames_set_threshold_confidence_and_temperature(
    model: StoredModel, splits: Splits, calibrated: tuple[Student, Calibration]
) -> None:
    student, calibration = calibrated
    scores = image_scores(student, images(splits.calibration), calibration.uncertainty.name)
    assert calibration.ood.calibration_scores == pytest.approx(sorted(scores[calibration.image_score]))
    assert calibration.data.sequences == ('1a', '1b') and calibration.data.images == 24
    # Other training frames, other val frames: what comes from the calibration frames alone stays as it is.
    others = replace(splits, train=_frames(model, 3, 90, 30), val=_frames(model, 4, 90, 10))
    again = calibrate([_fold(copy.deepcopy(model.student), others)], 'camvid', SETTINGS, MEANINGS)
    for name in ('temperature', 'uncertainty', 'uncertainty_selection', 'confidence', 'data'):
        assert getattr(again, name) == getattr(calibration, name)


def test_only_the_training_frames_set_the_mean_of_the_mahalanobis_features(
    model: StoredModel, splits: Splits, calibrated: tuple[Student, Calibration]
) -> None:
    student = calibrated[0]
    plain = copy.deepcopy(model.student)
    round_weights(plain)
    train = torch.stack([torch.from_numpy(frame.image) for frame in splits.train])
    with torch.no_grad():
        features = plain(plain.preprocess(train), std='none').features
    torch.testing.assert_close(student.mahalanobis.mean, features.mean(dim=0), rtol=1e-4, atol=1e-4)
    other = copy.deepcopy(model.student)
    fold = _fold(other, replace(splits, calibration=_frames(model, 5, 90, 20)))
    calibrate([fold], 'camvid', SETTINGS, MEANINGS)
    assert torch.equal(other.mahalanobis.mean, student.mahalanobis.mean)


def test_the_final_evaluation_uses_no_shift_that_selected_the_image_score() -> None:
    """A shift is its effect, not its name: the weather of the evaluation is told apart from every calibration shift."""
    torch.manual_seed(0)
    image = torch.rand(1, 3, 64, 96)
    weather = {name: make()(image).clamp(0, 1) for name, make in WEATHER.items()}
    shifts = {name: shift(image * 255).clamp(0, 255) / 255 for name, shift in CALIBRATION_SHIFTS.items()}
    assert all((a - b).abs().mean() > 0.02 for a in weather.values() for b in shifts.values())


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
    assert np.median(calibration.confidence.table) == pytest.approx(0.7, abs=0.03)


def test_calibration_is_of_the_weights_that_are_stored(calibrated: tuple[Student, Calibration]) -> None:
    values = calibrated[0].state_dict().values()
    assert all(torch.equal(value, value.half().float()) for value in values if value.is_floating_point())


def test_calibration_repeats_itself(
    model: StoredModel, splits: Splits, calibrated: tuple[Student, Calibration]
) -> None:
    again = calibrate([_fold(copy.deepcopy(model.student), splits)], 'camvid', SETTINGS, MEANINGS)
    assert again.card_fields() == calibrated[1].card_fields()


def test_a_single_frame_calibrates_nothing(model: StoredModel, splits: Splits) -> None:
    frame = Subset.of(splits.val, [0])
    fold = CalibrationFold(student=model.student, train=frame, unseen=frame)
    with pytest.raises(ConfigError, match='calibration has 1 frames, expected hundreds'):
        calibrate([fold], 'camvid', SETTINGS, MEANINGS)
