# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The reference of the feature distance: the familiar is near, the strange is far."""

from pathlib import Path

import pytest
import torch

from calibrating.reference import fit_reference
from uncd_ros.errors import ConfigError
from uncd_ros.model_store import load_model


def test_whitened_features_of_the_familiar_frames_have_unit_covariance(tiny_model: Path) -> None:
    student = load_model(tiny_model).student
    torch.manual_seed(0)
    brightness = torch.rand(300, 1, 1, 1) * 255
    images = (brightness + 60 * torch.randn(300, 3, 48, 64)).clamp(0, 255).byte()
    fit_reference(student, images)
    fit_reference(student, images)  # the second time starts anew
    red = torch.zeros(48, 64, 3, dtype=torch.uint8)
    red[..., 0] = 255
    with torch.no_grad():
        features = student(student.preprocess(images.permute(0, 2, 3, 1)), std='none').features
        strange = student(student.preprocess(red[None]), std='none').features
    assert features.mean(dim=0).abs().max() < 1e-2
    # Shrinkage keeps the spread a little below one where the features hardly vary.
    assert features.square().sum(dim=1).mean() / features.shape[1] == pytest.approx(1.0, abs=0.3)
    assert strange.norm() > features.norm(dim=1).quantile(0.95)


def test_frames_that_are_all_alike_are_refused(tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match='3 training frames look alike'):
        fit_reference(load_model(tiny_model).student, torch.zeros(3, 3, 48, 64, dtype=torch.uint8))
