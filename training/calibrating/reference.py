# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What familiar frames look like to the encoder, for the feature distance."""

import torch
from sklearn.covariance import empirical_covariance, ledoit_wolf_shrinkage, shrunk_covariance
from torch import Tensor

from uncd_ros.errors import ConfigError
from uncd_ros.student import Student

LEAST_SHRINKAGE = 1e-3
"""Share of the mean variance that every direction has at least: one that never varied is not infinitely strange."""


@torch.no_grad()
def fit_reference(student: Student, images: Tensor) -> None:
    """Set the student's reference to mean and whitening of its features on (N, 3, H, W) uint8 frames.

    The covariance is Ledoit and Wolf's: with fewer frames than features the sample's has no inverse.
    Raises ConfigError where the frames do not differ.
    """
    reference = student.reference
    reference.mean.zero_()
    reference.whitening.copy_(torch.eye(len(reference.mean)))
    features = torch.stack([_features(student, image) for image in images]).double().cpu().numpy()
    shrinkage = max(LEAST_SHRINKAGE, ledoit_wolf_shrinkage(features))
    covariance = shrunk_covariance(empirical_covariance(features), shrinkage)
    if not covariance.any():
        raise ConfigError(f'{len(images)} training frames look alike to the encoder, expected many that differ')
    # W W^T = S^-1 by the inverse of S's Cholesky factor: in float64, since features differ in scale a thousandfold.
    factor = torch.linalg.cholesky(torch.from_numpy(covariance))
    whitening = torch.linalg.solve_triangular(factor, torch.eye(len(factor), dtype=factor.dtype), upper=False).T
    reference.mean.copy_(torch.from_numpy(features.mean(axis=0)))
    reference.whitening.copy_(whitening)


def _features(student: Student, image: Tensor) -> Tensor:
    """(3, H, W) -> (D,); while the reference is the identity, they pass through unchanged."""
    x = student.preprocess(image[None].permute(0, 2, 3, 1).to(student.reference.mean.device))
    features: Tensor = student(x, std='none').features[0]
    return features
