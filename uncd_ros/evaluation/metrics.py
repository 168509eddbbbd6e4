# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streaming metrics: memory does not grow with the number of images."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor

from uncd_ros.palette import ABSTAINED as VOID


class ConfusionMatrix:
    """Counts (label, prediction) pairs over a whole data set; void pixels do not count."""

    def __init__(self, num_classes: int) -> None:
        self.counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)

    def update(self, predicted: Tensor, labels: Tensor) -> None:
        """Two integer tensors of one shape; labels may hold 255."""
        valid = labels != VOID
        n = len(self.counts)
        pairs = labels[valid].long() * n + predicted[valid].long()
        self.counts += torch.bincount(pairs.cpu(), minlength=n * n).view(n, n)

    def iou(self) -> list[float]:
        """Intersection over union a class; NaN for a class that is neither there nor predicted."""
        hits = self.counts.diag().double()
        union = self.counts.sum(0) + self.counts.sum(1) - self.counts.diag()
        return (hits / union.double()).tolist()

    def miou(self) -> float:
        """Mean of the classes' IoU, over the data set, not averaged image by image."""
        return float(np.nanmean(self.iou()))


class CalibrationError:
    """Expected calibration error: mean over pixels of |accuracy - confidence| of their bin (Guo et al. 2017)."""

    def __init__(self, bins: int = 15) -> None:
        self.pixels, self.confidence, self.right = torch.zeros(3, bins, dtype=torch.float64)

    def update(self, confidence: Tensor, right: Tensor) -> None:
        """(N,) confidence in [0, 1] and (N,) bool, valid pixels only."""
        bins = len(self.pixels)
        # Bins are (a, b], so that a confidence on a border falls where torchmetrics puts it.
        index = (confidence.double() * bins).ceil().long().sub(1).clamp(0, bins - 1).cpu()
        self.pixels += torch.bincount(index, minlength=bins)
        self.confidence += torch.bincount(index, weights=confidence.double().cpu(), minlength=bins)
        self.right += torch.bincount(index, weights=right.double().cpu(), minlength=bins)

    def ece(self) -> float:
        """In [0, 1]; 0 is calibrated."""
        return float((self.right - self.confidence).abs().sum() / self.pixels.sum())


class Auroc:
    """Area under the ROC curve of a score >= 0 that should be higher for positives.

    The bits of a positive float rise with its value, so their upper half (8 bits of exponent, 11 of
    mantissa) is a histogram bin: scores that differ by more than 0.05 % are told apart at any scale, even
    where they crowd near 0. Within a bin they count as ties.
    """

    BINS = 1 << 19

    def __init__(self) -> None:
        self.positives = torch.zeros(self.BINS, dtype=torch.int64)
        self.negatives = torch.zeros(self.BINS, dtype=torch.int64)

    def update(self, score: Tensor, positive: Tensor) -> None:
        """(N,) float >= 0 and (N,) bool."""
        # + 0.0 turns -0.0, whose sign bit would be read as a large number, into 0.0.
        bins = ((score.float() + 0.0).view(torch.int32) >> 12).cpu()
        mask = positive.cpu()
        self.positives += torch.bincount(bins[mask], minlength=self.BINS)
        self.negatives += torch.bincount(bins[~mask], minlength=self.BINS)

    def auroc(self) -> float:
        """P(score of a positive > score of a negative) + P(equal) / 2; NaN if one kind is missing."""
        below = self.negatives.cumsum(0) - self.negatives
        wins = (self.positives.double() * (below + self.negatives.double() / 2)).sum()
        return float(wins / self.positives.sum() / self.negatives.sum())


def image_auroc(normal: Sequence[float], strange: Sequence[float]) -> float:
    """AUROC of image scores; exact, for they are few."""
    truth: NDArray[np.int64] = np.repeat([0, 1], [len(normal), len(strange)])
    return float(roc_auc_score(truth, [*normal, *strange]))


def effective_count(scores: Sequence[float]) -> int:
    """How many independent frames n frames of one drive are worth: n (1 - r) / (1 + r), at least 1.

    r is the correlation of neighbours (the scores as a first-order autoregressive series); frames that do
    not differ at all are worth one.
    """
    series = np.asarray(scores, np.float64)
    if len(series) < 3 or np.ptp(series) == 0:
        return 1
    centred = series - series.mean()
    r = max(0.0, float(centred[:-1] @ centred[1:]) / float(centred @ centred))
    return max(1, int(len(series) * (1.0 - r) / (1.0 + r)))
