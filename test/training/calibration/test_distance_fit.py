# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The distance of features against the textbook's, and against what it is for."""

import numpy as np
import torch
from scipy.spatial.distance import mahalanobis

from training.calibration.distance_fit import LEAST_VARIANCE, ClassMoments
from uncd_ros.network.feature_distance import FeatureDistance


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
