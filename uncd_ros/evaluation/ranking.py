# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well a score ranks positives above negatives: two histograms, read in every usual way."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def ordered_bins(score: Tensor, bits: int) -> Tensor:
    """Floats -> int64 bins in [0, 2^bits) that rise with them: the upper bits of what a float32 is made of.

    The bits of a positive float rise with its value and those of a negative one fall, so the latter are turned
    round. Exponent and leading mantissa make bins of equal *relative* width, as scores that crowd near 0 need.
    """
    # + 0.0 turns -0.0, whose bits are those of the lowest number, into 0.0.
    pattern = (score.float() + 0.0).contiguous().view(torch.int32)
    key = pattern ^ ((pattern >> 31) & 0x7FFFFFFF)
    return (key >> (32 - bits)).long() + (1 << (bits - 1))


def bin_edges(bins: NDArray[np.int64], bits: int) -> NDArray[np.float32]:
    """Lower edges of ordered bins; the inverse of `ordered_bins`."""
    key = ((bins - (1 << (bits - 1))) << (32 - bits)).astype(np.int32)
    return (key ^ ((key >> 31) & 0x7FFFFFFF)).view(np.float32)


class Ranking:
    """Area under ROC, precision-recall and risk-coverage curve of a score that should be higher for positives.

    20 bits a score (sign, 8 of exponent, 11 of mantissa) tell apart what differs by more than 0.05 %, at any
    scale. Within a bin scores count as ties. Memory does not grow with the number of scores.
    """

    BITS = 20

    def __init__(self) -> None:
        self.counts = torch.zeros(1 << self.BITS, 2, dtype=torch.int64)
        """Negatives and positives a bin."""

    def update(self, score: Tensor, positive: Tensor) -> None:
        """(N,) float and (N,) bool."""
        pairs = ordered_bins(score, self.BITS) * 2 + positive
        self.counts += torch.bincount(pairs.cpu(), minlength=2 << self.BITS).view(-1, 2)

    def auroc(self) -> float:
        """P(score of a positive > score of a negative) + P(equal) / 2; NaN if one kind is missing."""
        _, negatives, positives = self._occupied()
        below = negatives.cumsum() - negatives
        return _ratio((positives * (below + negatives / 2)).sum(), positives.sum() * negatives.sum())

    def aupr(self) -> float:
        """Average precision: sum over falling thresholds of precision x gain in recall; NaN without positives."""
        _, negatives, positives = self._occupied()
        hits, false_hits = positives[::-1].cumsum(), negatives[::-1].cumsum()
        return _ratio((positives[::-1] * hits / (hits + false_hits)).sum(), positives.sum())

    def fpr95(self) -> float:
        """Share of negatives at or above the threshold that finds 95 % of the positives; NaN if one kind is missing."""
        _, negatives, positives = self._occupied()
        if not positives.sum():
            return float('nan')
        hits, false_hits = positives[::-1].cumsum(), negatives[::-1].cumsum()
        return _ratio(false_hits[int(np.searchsorted(hits, 0.95 * hits[-1]))], false_hits[-1])

    def aurc(self) -> float:
        """Area under the risk-coverage curve: mean over k of the share of positives among the k lowest scores.

        (Geifman and El-Yaniv 2017.) Ties are in random order: over one bin the expected number of positives
        grows linearly, and the sum of 1/k over it is a difference of digammas.
        """
        _, negatives, positives = self._occupied()
        total = negatives + positives
        before, positives_before = total.cumsum() - total, positives.cumsum() - positives
        ends = torch.from_numpy(np.stack([before + total + 1, before + 1]))
        harmonic = np.subtract(*torch.digamma(ends).numpy())
        return _ratio(((positives_before - positives / total * before) * harmonic + positives).sum(), total.sum())

    def risk_coverage(self, points: int = 200) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coverage in (0, 1], and the share of positives among that share of the lowest scores."""
        _, negatives, positives = self._occupied()
        total = (negatives + positives).cumsum()
        coverage = np.linspace(0.0, 1.0, points + 1)[1:]
        kept = coverage * total[-1]
        return coverage, np.interp(kept, np.r_[0.0, total], np.r_[0.0, positives.cumsum()]) / kept

    def positives(self) -> int:
        """How many there were."""
        return int(self.counts[:, 1].sum())

    def precision_recall(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Precision and recall of what has at least each score that occurs, and those scores, highest first."""
        values, negatives, positives = self._occupied()
        hits, false_hits = positives[::-1].cumsum(), negatives[::-1].cumsum()
        return hits / (hits + false_hits), hits / max(hits[-1], 1.0) if len(hits) else hits, values[::-1]

    def best_f1_threshold(self) -> float:
        """Score of the highest F1 of what has at least that score; NaN where there is none."""
        precision, recall, values = self.precision_recall()
        # Twice their product over their sum, which is 0 where both are.
        f1 = precision * recall / (precision + recall).clip(min=1e-30)
        return float(values[f1.argmax()]) if len(values) else float('nan')

    def mean(self) -> float:
        """Mean score, each counted as the middle of its bin."""
        values, negatives, positives = self._occupied()
        return _ratio((values * (negatives + positives)).sum(), (negatives + positives).sum())

    def quantile(self, share: float) -> float:
        """Score below which that share of all lies."""
        values, negatives, positives = self._occupied()
        below = (negatives + positives).cumsum()
        return float(values[np.searchsorted(below, share * below[-1])])

    def split(self, threshold: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """(negatives, positives) at or below the threshold, and above it; exact to the width of a bin."""
        values, negatives, positives = self._occupied()
        low = values <= threshold
        return (negatives[low].sum(), positives[low].sum()), (negatives[~low].sum(), positives[~low].sum())

    def histogram(self, edges: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Counts of negatives and of positives between `edges`, for the eye."""
        values, negatives, positives = self._occupied()
        return (
            np.histogram(values, edges, weights=negatives)[0],
            np.histogram(values, edges, weights=positives)[0],
        )

    def _occupied(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Middle, negatives and positives of every bin that holds something, lowest first."""
        counts = self.counts.numpy()
        bins = np.flatnonzero(counts.any(axis=1))
        low, high = bin_edges(bins, self.BITS).astype(np.float64), bin_edges(bins + 1, self.BITS).astype(np.float64)
        # The bin of 0 is that of a score which is exactly 0, or might as well be.
        middle = np.where(low == 0.0, 0.0, (low + high) / 2)
        return middle, counts[bins, 0].astype(np.float64), counts[bins, 1].astype(np.float64)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float('nan')
