# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is left when the most uncertain pixels are dropped."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uncd_ros.evaluation.metrics import ious
from uncd_ros.evaluation.ranking import ordered_bins


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPoint:
    """How good the kept pixels are."""

    dropped: float
    """Share of the most uncertain pixels that were dropped, in [0, 1)."""
    miou: float
    """Over the data set's kept pixels; a class of which nothing is left is left out of the mean."""
    pixel_accuracy: float


class Retention:
    """A confusion matrix for every level of an uncertainty in [0, 1].

    Levels are the values of a bfloat16, 0.8 % apart, so that one pass over the data answers for any share of
    dropped pixels; a level that is cut is kept in proportion. Memory grows with the square of the classes alone.
    """

    BITS = 16
    ZERO = 1 << (BITS - 1)
    LEVELS = int(ordered_bins(torch.ones(()), BITS)) - ZERO + 1

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.counts = torch.zeros(self.LEVELS, num_classes * num_classes, dtype=torch.int64)

    def update(self, uncertainty: Tensor, predicted: Tensor, labels: Tensor) -> None:
        """(N,) float in [0, 1], and (N,) ids each; valid pixels only."""
        level = (ordered_bins(uncertainty, self.BITS) - self.ZERO).clamp(0, self.LEVELS - 1)
        pairs = labels.long() * self.num_classes + predicted.long()
        cells = level * self.counts.shape[1] + pairs
        self.counts += torch.bincount(cells.cpu(), minlength=self.counts.numel()).view_as(self.counts)

    def curve(self, dropped: Sequence[float]) -> list[RetentionPoint]:
        """One point a share."""
        used = self.counts[self.counts.any(dim=1)].double()
        matrices = torch.cat([torch.zeros(1, used.shape[1], dtype=torch.float64), used.cumsum(0)]).numpy()
        pixels = matrices.sum(axis=1)
        points = []
        for share in dropped:
            kept = (1.0 - share) * pixels[-1]
            above = int(np.searchsorted(pixels, kept).clip(1, len(pixels) - 1))
            part = (kept - pixels[above - 1]) / (pixels[above] - pixels[above - 1])
            flat = matrices[above - 1] + part * (matrices[above] - matrices[above - 1])
            matrix = torch.from_numpy(flat).view(self.num_classes, self.num_classes)
            accuracy = float(matrix.diag().sum() / matrix.sum())
            points.append(RetentionPoint(dropped=share, miou=float(np.nanmean(ious(matrix))), pixel_accuracy=accuracy))
        return points
