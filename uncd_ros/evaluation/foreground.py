# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two classes, a background and what is looked for, such as vessels: overlap and correlation at a threshold."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import f1_score, matthews_corrcoef
from torch import Tensor

from uncd_ros.evaluation.ranking import Ranking

FOREGROUND = 1
"""Class id; 0 is the background."""
UNCHOSEN = 0.5
"""Threshold where there were no training frames to choose one on."""


class ForegroundScores(NamedTuple):
    """How good a segmentation into foreground and background is, over all pixels of a set that are not ignored."""

    dsc: float
    """Dice similarity coefficient 2 TP / (2 TP + FP + FN), also called F1, in [0, 1]; NaN without any foreground."""
    mcc: float
    """Matthews correlation coefficient, in [-1, 1]."""


class ForegroundMetrics(Ranking):
    """Probabilities of the foreground, of pixels of either class; memory does not grow with the pixels."""

    def add(self, log_p: Tensor, ground_truth: Tensor) -> None:
        """(2, N) log probabilities and (N,) ids, valid pixels only."""
        self.update(log_p[FOREGROUND].exp(), ground_truth == FOREGROUND)

    def best_threshold(self) -> float:
        """The probability above which pixels must be foreground for the highest DSC; 0.5 without any foreground."""
        values, negatives, positives = self._occupied()
        if not positives.sum():
            return UNCHOSEN
        hits, false_hits = positives[::-1].cumsum()[::-1], negatives[::-1].cumsum()[::-1]
        best = int(np.argmax(2 * hits / (hits + false_hits + positives.sum())))
        return float((values[best - 1] + values[best]) / 2) if best else 0.0

    def scores(self, threshold: float) -> ForegroundScores:
        """With pixels above the threshold as foreground."""
        (true_negatives, false_negatives), (false_positives, true_positives) = self.split(threshold)
        ground_truth, predicted = [0, 1, 0, 1], [0, 0, 1, 1]
        counts = [true_negatives, false_negatives, false_positives, true_positives]
        return ForegroundScores(
            dsc=float(f1_score(ground_truth, predicted, sample_weight=counts, zero_division=np.nan)),
            mcc=float(matthews_corrcoef(ground_truth, predicted, sample_weight=counts)),
        )
