# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mean and whitening of the Mahalanobis features: fitted to training frames, scaled on calibration frames."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import empirical_covariance, ledoit_wolf_shrinkage, shrunk_covariance
from torch import Tensor

from uncd_ros.errors import ConfigError
from uncd_ros.network.student import Student, StudentOutput
from uncd_ros.scores.image import image_score

LEAST_SHRINKAGE = 1e-3
"""Share of the mean variance that every direction has at least: one that never varied has no infinite distance."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What features look like on nominal frames."""

    mean: NDArray[np.float64]
    """(D,)"""
    whitening: NDArray[np.float64]
    """(D, D)"""

    def distances(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) Mahalanobis distances of (N, D) features."""
        norms: NDArray[np.float64] = np.linalg.norm((features - self.mean) @ self.whitening, axis=1)
        return norms


@torch.no_grad()
def fit_mahalanobis(student: Student, images: Iterable[NDArray[np.uint8]]) -> None:
    """Set the student's reference to mean and whitening of its features on (H, W, 3) uint8 images, which stream.

    The covariance is Ledoit and Wolf's: with fewer frames than features the sample's has no inverse.
    Raises ConfigError where the frames do not differ.
    """
    reference = student.mahalanobis
    reference.mean.zero_()
    reference.whitening.copy_(torch.eye(len(reference.mean)))
    features = torch.stack([_features(student, image) for image in images]).double().cpu().numpy()
    fitted = reference_of(features)
    reference.mean.copy_(torch.from_numpy(fitted.mean))
    reference.whitening.copy_(torch.from_numpy(fitted.whitening))


def reference_of(features: NDArray[np.float64]) -> Reference:
    """Mean and whitening of (N, D) features. Raises ConfigError where they do not differ."""
    shrinkage = max(LEAST_SHRINKAGE, ledoit_wolf_shrinkage(features))
    covariance = shrunk_covariance(empirical_covariance(features), shrinkage)
    if not covariance.any():
        raise ConfigError(f'{len(features)} training frames look alike to the encoder, expected many that differ')
    # W W^T = S^-1 by the inverse of S's Cholesky factor: in float64, since features differ in scale a thousandfold.
    factor = torch.linalg.cholesky(torch.from_numpy(covariance))
    whitening = torch.linalg.solve_triangular(factor, torch.eye(len(factor), dtype=factor.dtype), upper=False).T
    return Reference(mean=features.mean(axis=0), whitening=whitening.numpy())


@torch.no_grad()
def scale_mahalanobis(unseen: Sequence[tuple[Student, Iterable[NDArray[np.uint8]]]]) -> float:
    """Give the feature distance the scale of the energy: both vary alike over all these (H, W, 3) uint8 images.

    No student may have been trained on its own, for it is on unseen streets that the two are added up. One factor
    multiplies the whitening of every student and is returned, so how the distance alone ranks images stays as it was.
    Raises ConfigError where the frames do not differ.
    """
    outputs = (_output(student, image) for student, images in unseen for image in images)
    names = ('energy', 'mahalanobis')
    scores = torch.stack([torch.cat([image_score(name, each, each.std) for name in names]) for each in outputs])
    energy, distance = scores.std(dim=0)
    if not energy * distance > 0:
        raise ConfigError(f'{len(scores)} calibration frames look alike to the network, expected many that differ')
    for student, _ in unseen:
        student.mahalanobis.whitening.mul_(energy / distance)
    return float(energy / distance)


def _features(student: Student, image: NDArray[np.uint8]) -> Tensor:
    """(H, W, 3) -> (D,); while the reference is the identity, they pass through unchanged."""
    features = _output(student, image).features
    assert features is not None
    return features[0]


def _output(student: Student, image: NDArray[np.uint8]) -> StudentOutput:
    x = student.preprocess(torch.from_numpy(image)[None].to(student.mahalanobis.mean.device))
    output: StudentOutput = student(x, std='none')
    return output
