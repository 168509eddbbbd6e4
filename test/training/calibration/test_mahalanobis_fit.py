# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mahalanobis features: nominal images are near, anomalous ones far."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training.calibration.mahalanobis_fit import fit_mahalanobis, scale_mahalanobis
from uncd_ros.errors import ConfigError
from uncd_ros.model.store import load_model
from uncd_ros.scores.image import image_score


def _arrays(images: torch.Tensor) -> NDArray[np.uint8]:
    return images.permute(0, 2, 3, 1).contiguous().numpy()


def test_whitened_features_of_the_training_frames_have_unit_covariance(tiny_model: Path) -> None:
    student = load_model(tiny_model).student
    torch.manual_seed(0)
    brightness = torch.rand(300, 1, 1, 1) * 255
    images = (brightness + 60 * torch.randn(300, 3, 48, 64)).clamp(0, 255).byte()
    fit_mahalanobis(student, _arrays(images))
    fit_mahalanobis(student, _arrays(images))  # the second time starts anew
    red = torch.zeros(48, 64, 3, dtype=torch.uint8)
    red[..., 0] = 255
    with torch.no_grad():
        features = student(student.preprocess(images.permute(0, 2, 3, 1)), std='none').features
        anomalous = student(student.preprocess(red[None]), std='none').features
    assert features.mean(dim=0).abs().max() < 1e-2
    # Shrinkage keeps the spread a little below one where the features hardly vary.
    assert features.square().sum(dim=1).mean() / features.shape[1] == pytest.approx(1.0, abs=0.3)
    assert anomalous.norm() > features.norm(dim=1).quantile(0.95)


def test_distance_and_energy_vary_alike_on_frames_that_were_not_trained_on(tiny_model: Path) -> None:
    student = load_model(tiny_model).student
    torch.manual_seed(0)
    training, unseen = (torch.rand(n, 1, 1, 1).mul(255).byte().expand(n, 3, 48, 64) for n in (20, 12))
    fit_mahalanobis(student, _arrays(training))
    with torch.no_grad():
        before = student(student.preprocess(unseen.permute(0, 2, 3, 1)))
        scale_mahalanobis([(student, _arrays(unseen))])
        after = student(student.preprocess(unseen.permute(0, 2, 3, 1)))
    energy, distance = (image_score(name, after, after.std) for name in ('energy', 'mahalanobis'))
    assert distance.std() == pytest.approx(float(energy.std()), rel=1e-4)
    assert torch.equal(distance.argsort(), image_score('mahalanobis', before, before.std).argsort())


def test_frames_that_are_all_alike_are_refused(tiny_model: Path) -> None:
    student, alike = load_model(tiny_model).student, torch.zeros(3, 3, 48, 64, dtype=torch.uint8)
    with pytest.raises(ConfigError, match='3 training frames look alike'):
        fit_mahalanobis(student, _arrays(alike))
    with pytest.raises(ConfigError, match='3 calibration frames look alike'):
        scale_mahalanobis([(student, _arrays(alike))])
