# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The distance of the decoder's features to the classes: means and tied covariance, fitted on training frames."""

import cv2
import numpy as np
import torch
from torch import Tensor

from training.data.labelled_frames import LabelledFrames
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.network.coarse import halved
from uncd_ros.network.feature_distance import FeatureDistance
from uncd_ros.network.student import Student

LEAST_VARIANCE = 1e-3
"""Share of the mean variance that is added to every direction: one that never varied has no infinite distance."""


class ClassMoments:
    """Sums of features by class, and of their products over all; they grow with no number of frames."""

    def __init__(self, channels: int, num_classes: int) -> None:
        self.counts = torch.zeros(num_classes, dtype=torch.float64)
        self.sums = torch.zeros(num_classes, channels, dtype=torch.float64)
        self.products = torch.zeros(channels, channels, dtype=torch.float64)

    def update(self, features: Tensor, labels: Tensor) -> None:
        """(N, D) float and (N,) int64 ids; pixels without a class are left out."""
        known = labels < len(self.counts)
        features, labels = features[known].double(), labels[known]
        self.counts += torch.bincount(labels, minlength=len(self.counts))
        self.sums.index_add_(0, labels, features)
        self.products += features.T @ features

    def distance(self) -> FeatureDistance:
        """Whitened in all directions: what is unknown stands out in the narrow ones, too.

        Raises ConfigError where the features do not vary.
        """
        seen = self.counts > 0
        means = self.sums[seen] / self.counts[seen, None]
        between = (means * self.counts[seen, None]).T @ means
        covariance = (self.products - between) / self.counts.sum().clamp_min(1.0)
        spread = covariance.diag().mean()
        if not spread > 0:
            raise ConfigError('the training frames look alike to the decoder, expected many that differ')
        covariance += LEAST_VARIANCE * spread * torch.eye(len(covariance), dtype=covariance.dtype)
        variances, vectors = torch.linalg.eigh(covariance)  # ascending
        whitening = (vectors / variances.sqrt()).T
        return FeatureDistance(whitening.float(), (means @ whitening.T).float())


@torch.no_grad()
def fit_feature_distance(student: Student, frames: LabelledFrames) -> None:
    """Give the student the distance to the classes as they are on these frames, which stream, at the coarse scale."""
    moments = ClassMoments(student.trunk.channels, student.config.num_classes)
    for frame in frames:
        fine = student.trunk(student.preprocess(as_batch(frame.image).permute(0, 2, 3, 1))).fine
        features = halved(fine)
        moments.update(features[0].flatten(1).T, _labels_at(frame, features.shape[-2:]))
    student.feature_distance = moments.distance()


def _labels_at(frame: LabelledFrame, size: torch.Size) -> Tensor:
    """(h * w,) int64, of the pixel in the middle of each feature: labels are never mixed."""
    labels = cv2.resize(frame.labels, (size[1], size[0]), interpolation=cv2.INTER_NEAREST_EXACT)
    return torch.from_numpy(labels.astype(np.int64)).flatten()
