# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The distance of features against the textbook's, and against what it is for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.distance import mahalanobis

from training.calibration.distance_fit import LEAST_VARIANCE, ClassMoments
from uncd_ros.errors import ModelError
from uncd_ros.model.distance_weights import decode_distance, encode_distance
from uncd_ros.network.feature_distance import FeatureDistance
from uncd_ros.network.student import Student, StudentConfig


def _fitted() -> tuple[FeatureDistance, torch.Tensor, torch.Tensor]:
    """Three classes around means of their own, the third of them never seen; one covariance."""
    torch.manual_seed(0)
    labels = torch.randint(0, 2, (4000,))
    mixing = torch.randn(6, 6)
    features = torch.randn(4000, 6) @ mixing + 5.0 * torch.eye(6)[labels]
    moments = ClassMoments(6, 3)
    for part in range(4):  # it streams
        ignored = torch.full((50,), 255)
        moments.update(torch.cat([features[part::4], 1e6 * torch.ones(50, 6)]), torch.cat([labels[part::4], ignored]))
    return moments.distance(), features, labels


def test_it_is_the_mahalanobis_distance_to_the_nearest_class() -> None:
    distance, features, labels = _fitted()
    assert distance.means.shape == (2, 6)
    means = [features[labels == each].mean(dim=0).numpy() for each in (0, 1)]
    residuals = features - torch.from_numpy(np.stack(means))[labels]
    covariance = np.cov(residuals.numpy().T, bias=True)
    inverse = np.linalg.inv(covariance + LEAST_VARIANCE * covariance.trace() / 6 * np.eye(6))
    found = distance(features[:50].T.reshape(1, 6, 5, 10)).flatten()
    expected = [min(mahalanobis(each, mean, inverse) for mean in means) for each in features[:50].numpy()]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-3)


def test_a_class_that_was_never_seen_is_no_fault_of_a_file() -> None:
    distance, _, _ = _fitted()
    student = Student(StudentConfig(num_classes=3, width=0.25, decoder_channels=8, input_height=48, input_width=64))
    student.trunk.channels = 6
    found = decode_distance(Path('anomaly.safetensors'), encode_distance(distance), student)
    torch.testing.assert_close(found.means, distance.means)
    student.config = replace(student.config, num_classes=2)
    more = FeatureDistance(distance.whitening, torch.zeros(3, 6))
    with pytest.raises(ModelError, match=r'tensor means is torch.float32 of shape \(3, 6\), expected .* of \(2, 6\)'):
        decode_distance(Path('anomaly.safetensors'), encode_distance(more), student)
