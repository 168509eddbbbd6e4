# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration: what is chosen is what did best, on frames given to it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from assess import Assessment
from augment import CALIBRATION_SHIFTS
from calibrate import Calibration, calibrate
from segdata import SegData
from settings import CalibrationSettings
from uncd_ros.model_store import StoredModel, load_model
from uncd_ros.scores import IMAGE_SCORES

SETTINGS = CalibrationSettings(false_alarm_rate=0.1)


@pytest.fixture(scope='module')
def model(tiny_model: Path) -> StoredModel:
    return load_model(tiny_model)


@pytest.fixture(scope='module')
def frames(model: StoredModel) -> SegData:
    """Two sequences of noise, twelve frames each."""
    torch.manual_seed(0)
    return SegData(
        images=torch.randint(0, 256, (24, 3, 48, 64), dtype=torch.uint8),
        labels=torch.zeros(24, 48, 64, dtype=torch.uint8),
        names=tuple(str(i) for i in range(24)),
        sequences=('a',) * 12 + ('b',) * 12,
        classes=model.card.classes,
    )


@pytest.fixture(scope='module')
def calibration(model: StoredModel, frames: SegData) -> Calibration:
    assessed = Assessment(
        miou=0.5, iou=[0.5] * 5, ece=0.1, error_auroc={'mean_std': 0.6, 'predicted_std': 0.8, 'entropy': 0.7}
    )
    return calibrate(model.student, frames, assessed, SETTINGS)


def test_the_uncertainty_that_finds_errors_best_is_served(calibration: Calibration) -> None:
    assert calibration.uncertainty.name == 'predicted_std'
    assert calibration.uncertainty.upper == 0.5


def test_the_score_that_tells_shifts_best_is_served(calibration: Calibration) -> None:
    assert set(calibration.shift_auroc) == set(IMAGE_SCORES)
    means = {name: np.mean(list(aurocs.values())) for name, aurocs in calibration.shift_auroc.items()}
    assert all(set(aurocs) == set(CALIBRATION_SHIFTS) for aurocs in calibration.shift_auroc.values())
    assert means[calibration.image_score] == max(means.values())


def test_the_threshold_comes_from_the_unshifted_frames(calibration: Calibration, frames: SegData) -> None:
    scores = calibration.ood.calibration_scores
    assert len(scores) == len(frames) and list(scores) == sorted(scores)
    # k = ceil(25 * 0.9) = 23
    assert calibration.ood.threshold() == scores[22]
    assert 2 <= calibration.ood.effective_n <= len(frames)


def test_calibration_repeats_itself(model: StoredModel, frames: SegData, calibration: Calibration) -> None:
    assessed = Assessment(miou=0.5, iou=[0.5] * 5, ece=0.1, error_auroc={'predicted_std': 0.8})
    assert calibrate(model.student, frames, assessed, SETTINGS) == calibration
