# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cross-fitting: each frame by the student of its fold, and all folds together set what the model serves."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from support.tiny_frames import in_memory
from training.calibration.assessment import image_scores, images
from training.calibration.calibrate_student import Calibration, calibrate, transfer
from training.calibration.fold_text import cross_conformal_bound, folds_content
from training.calibration.unseen import CalibrationFold
from training.data.labelled_frames import LabelledFrames
from training.run.settings import CalibrationSettings
from uncd_ros.evaluation.metrics import effective_count
from uncd_ros.model.store import StoredModel, load_model
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES

MEANINGS = dict.fromkeys(PIXEL_UNCERTAINTIES, 'as it says')
RATE = 0.2
DRIVES = ('a', 'b', 'c')


@pytest.fixture(scope='module')
def model(tiny_model: Path) -> StoredModel:
    return load_model(tiny_model)


@pytest.fixture(scope='module')
def data(model: StoredModel) -> LabelledFrames:
    """Ten frames of noise in each of three drives, of which the last is the brightest; a third of labels is wrong."""
    torch.manual_seed(0)
    bright = torch.tensor([120, 160, 255]).repeat_interleave(10).view(-1, 1, 1, 1)
    frames = (torch.rand(30, 3, 48, 64) * bright).byte()
    with torch.no_grad():
        labels = model.student(model.student.preprocess(frames.permute(0, 2, 3, 1))).labels().byte()
    labels = torch.where(torch.rand(labels.shape) < 0.3, (labels + 1) % 5, labels)
    return in_memory(frames, labels, np.repeat(DRIVES, 10).tolist(), model.card.classes)


@pytest.fixture(scope='module')
def folds(model: StoredModel, data: LabelledFrames) -> list[CalibrationFold]:
    """Students that differ by the scale of their logits."""
    made = []
    for scale, drive in zip((1.0, 0.5, 2.0), DRIVES, strict=True):
        student = copy.deepcopy(model.student)
        student.prediction_head[-1].weight.data.mul_(scale)
        made.append(CalibrationFold(student=student, train=data.excluding((drive,)), unseen=data.select(drive.__eq__)))
    return made


@pytest.fixture(scope='module')
def calibration(folds: list[CalibrationFold]) -> Calibration:
    return calibrate(folds, 'camvid', CalibrationSettings(false_alarm_rate=RATE), MEANINGS)


@pytest.fixture(scope='module')
def by_drive(folds: list[CalibrationFold], calibration: Calibration) -> dict[str, list[float]]:
    """Served scores of each drive, by the calibrated student of its fold."""
    return {
        drive: image_scores(fold.student, images(fold.unseen), calibration.uncertainty.name)[calibration.image_score]
        for drive, fold in zip(DRIVES, folds, strict=True)
    }


def _threshold(scores: list[float]) -> float:
    return OodRule(calibration_scores=tuple(sorted(scores)), effective_n=1, false_alarm_rate=RATE).threshold()


def test_the_threshold_is_of_all_frames_each_by_the_student_of_its_fold(
    calibration: Calibration, by_drive: dict[str, list[float]]
) -> None:
    pooled = [score for scores in by_drive.values() for score in scores]
    assert calibration.ood.calibration_scores == pytest.approx(sorted(pooled))
    assert calibration.data.sequences == DRIVES and calibration.data.images == 30


def test_the_effective_frames_of_the_drives_add_up(calibration: Calibration, by_drive: dict[str, list[float]]) -> None:
    counts = [effective_count(by_drive[drive]) for drive in DRIVES]
    assert [fold.effective_n for fold in calibration.folds] == counts
    assert calibration.ood.effective_n == calibration.false_alarms.effective_n == sum(counts)
    assert folds_content(replace(calibration, seen=calibration.folds[0].seen))['effective_n_of_one_drive'] == max(
        counts
    )


def test_false_alarms_of_a_drive_are_by_the_threshold_of_the_other_drives(
    calibration: Calibration, by_drive: dict[str, list[float]]
) -> None:
    for drive, fold in zip(DRIVES, calibration.folds, strict=True):
        others = _threshold([score for other in DRIVES if other != drive for score in by_drive[other]])
        assert fold.others_threshold == pytest.approx(others)
        assert fold.threshold == pytest.approx(_threshold(by_drive[drive]))
        assert fold.unseen.median == pytest.approx(np.median(by_drive[drive]))
        observed = calibration.false_alarms.by_sequence[drive]
        assert observed.observed == np.mean(np.asarray(by_drive[drive]) > others)
        assert observed.ci95[0] <= observed.observed <= observed.ci95[1]


def test_the_student_that_ships_takes_over_what_the_folds_found(
    model: StoredModel, data: LabelledFrames, calibration: Calibration
) -> None:
    student = copy.deepcopy(model.student)
    shipped = transfer(calibration, student, data)
    head = model.student.prediction_head[-1].weight / calibration.temperature.value
    torch.testing.assert_close(student.prediction_head[-1].weight, head, rtol=1e-3, atol=1e-5)
    with torch.no_grad():
        pixels = torch.stack([torch.from_numpy(frame.image) for frame in data])
        features = student(student.preprocess(pixels), std='none').features
    # Whitened features of its own training frames, times the factor of the folds.
    assert features.mean(dim=0).abs().max() < 1e-2 * calibration.mahalanobis_scale
    seen = image_scores(student, images(data), calibration.uncertainty.name)[calibration.image_score]
    assert shipped.seen is not None and shipped.seen.median == pytest.approx(np.median(seen))
    assert shipped.data.fingerprint == data.fingerprint()
    assert replace(shipped, seen=None, data=calibration.data) == calibration


def test_the_bound_of_cross_conformal_prediction() -> None:
    # 2 a + min(2 (1 - 1/3) / (20 + 1), (1 - 3/60) / 4)
    assert cross_conformal_bound(0.05, 60, 3) == pytest.approx(0.1 + 4 / 3 / 21)
    # Every frame a fold of its own: the jackknife+, 2 a.
    assert cross_conformal_bound(0.05, 60, 60) == pytest.approx(0.1)
    assert cross_conformal_bound(0.6, 60, 3) == 1.0
