# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streaming metrics: memory does not grow with the number of images."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor

from uncd_ros.classes import IGNORE_INDEX


class ConfusionMatrix:
    """Counts (label, prediction) pairs over a whole data set; pixels to ignore do not count."""

    def __init__(self, num_classes: int) -> None:
        self.counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)

    def update(self, predicted: Tensor, labels: Tensor) -> None:
        """Two integer tensors of one shape; labels may hold 255."""
        valid = labels != IGNORE_INDEX
        n = len(self.counts)
        pairs = labels[valid].long() * n + predicted[valid].long()
        self.counts += torch.bincount(pairs.cpu(), minlength=n * n).view(n, n)

    def iou(self) -> list[float]:
        """Intersection over union a class; NaN for a class that is neither there nor predicted."""
        return ious(self.counts)

    def accuracy(self) -> float:
        """Share of pixels that are correct."""
        return float(self.counts.diag().sum() / self.counts.sum())

    def miou(self) -> float:
        """Mean of the classes' IoU, over the data set, not averaged image by image."""
        return float(np.nanmean(self.iou()))


def ious(counts: Tensor) -> list[float]:
    """Intersection over union a class of a (label, prediction) matrix; NaN for a class that is nowhere."""
    hits = counts.diag().double()
    union = (counts.sum(0) + counts.sum(1) - counts.diag()).double()
    return (hits / union).tolist()


class CalibrationError:
    """Expected calibration error: mean over pixels of |accuracy - confidence| of their bin (Guo et al. 2017)."""

    def __init__(self, bins: int = 15) -> None:
        self.pixels, self.confidence, self.correct = torch.zeros(3, bins, dtype=torch.float64)

    def update(self, confidence: Tensor, correct: Tensor) -> None:
        """(N,) confidence in [0, 1] and (N,) bool, valid pixels only."""
        bins = len(self.pixels)
        # Bins are (a, b], so that a confidence on a border falls where torchmetrics puts it.
        index = (confidence.double() * bins).ceil().long().sub(1).clamp(0, bins - 1).cpu()
        self.pixels += torch.bincount(index, minlength=bins)
        self.confidence += torch.bincount(index, weights=confidence.double().cpu(), minlength=bins)
        self.correct += torch.bincount(index, weights=correct.double().cpu(), minlength=bins)

    def ece(self) -> float:
        """In [0, 1]; 0 is calibrated; NaN where there was no pixel."""
        return float((self.correct - self.confidence).abs().sum() / self.pixels.sum())


class ProbabilityScores:
    """Proper scores of the class distribution, means over valid pixels."""

    def __init__(self) -> None:
        self.pixels = 0
        self.log_loss = self.square_loss = 0.0

    def update(self, log_p: Tensor, labels: Tensor) -> None:
        """(C, N) log probabilities and (N,) ids, valid pixels only."""
        of_label = log_p.gather(0, labels.long()[None]).double()
        self.pixels += labels.numel()
        self.log_loss -= float(of_label.sum())
        # sum_c (p_c - y_c)^2 = sum_c p_c^2 - 2 p_label + 1
        squares = log_p.exp().square().sum(dtype=torch.float64)
        self.square_loss += float(squares - 2 * of_label.exp().sum()) + labels.numel()

    def nll(self) -> float:
        """Negative log likelihood of the labels, in nats; 0 is perfect, ln C a guess."""
        return self.log_loss / self.pixels if self.pixels else float('nan')

    def brier(self) -> float:
        """Squared distance to the one-hot label, summed over classes, in [0, 2]."""
        return self.square_loss / self.pixels if self.pixels else float('nan')


def image_auroc(nominal: Sequence[float], anomalous: Sequence[float]) -> float:
    """AUROC of image scores; exact, for they are few; NaN where a score is no number."""
    if not np.isfinite([*nominal, *anomalous]).all():  # a score that the network does not have
        return float('nan')
    is_anomalous: NDArray[np.int64] = np.repeat([0, 1], [len(nominal), len(anomalous)])
    return float(roc_auc_score(is_anomalous, [*nominal, *anomalous]))


def effective_count(scores: Sequence[float]) -> int:
    """How many independent frames n frames of one sequence are worth: n (1 - r) / (1 + r), at least 1.

    r is the correlation of neighbours (the scores as a first-order autoregressive series); frames that do
    not differ at all are worth one.
    """
    series = np.asarray(scores, np.float64)
    if len(series) < 3 or np.ptp(series) == 0:
        return 1
    centred = series - series.mean()
    r = max(0.0, float(centred[:-1] @ centred[1:]) / float(centred @ centred))
    return max(1, int(len(series) * (1.0 - r) / (1.0 + r)))


def effective_counts(scores: Sequence[float], sequences: Sequence[str]) -> dict[str, int]:
    """Independent frames of each sequence; sequences are independent of one another, so the sum counts those of all."""
    values, names = np.asarray(scores), np.asarray(sequences)
    return {name: effective_count(values[names == name].tolist()) for name in sorted(set(sequences))}
