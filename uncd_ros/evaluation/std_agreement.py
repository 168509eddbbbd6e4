# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far a student's uncertainty follows its teacher's, pixel by pixel."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncd_ros.evaluation.ranking import bin_edges, ordered_bins


class Agreement:
    """Joint histogram of two uncertainties in [0, 1], of correct and of wrong pixels.

    Bins are those of a float with 4 bits of mantissa, 4 to 6 % wide, from 2^-20 up; what is smaller falls into
    the first. All pixels count, and memory does not grow with them.
    """

    BITS = 13
    FIRST = int(ordered_bins(torch.tensor(2.0**-20), BITS))
    BINS = int(ordered_bins(torch.tensor(1.0), BITS)) - FIRST + 1

    def __init__(self) -> None:
        self.counts = torch.zeros(2, self.BINS, self.BINS, dtype=torch.int64)
        """[correct, wrong][teacher][student]."""

    def update(self, teacher: Tensor, student: Tensor, wrong: Tensor) -> None:
        """(N,) float each, and (N,) bool; valid pixels only."""
        row, column = self._bins(teacher), self._bins(student)
        cells = (wrong.long() * self.BINS + row) * self.BINS + column
        self.counts += torch.bincount(cells.cpu(), minlength=self.counts.numel()).view_as(self.counts)

    def spearman(self) -> float:
        """Rank correlation of the two, those of one bin being ties with their mean rank; NaN if one is constant."""
        joint = self.counts.sum(0).double().numpy()
        teacher, student = _centred_ranks(joint.sum(axis=1)), _centred_ranks(joint.sum(axis=0))
        spread = np.sqrt((joint.sum(axis=1) * teacher**2).sum() * (joint.sum(axis=0) * student**2).sum())
        return float(teacher @ joint @ student / spread) if spread else float('nan')

    def quantiles(self, shares: tuple[float, ...]) -> NDArray[np.float64]:
        """(BINS, len(shares)) quantiles of the student's uncertainty in each of the teacher's bins; NaN where empty."""
        joint = self.counts.sum(0).double().numpy()
        edges = self.edges()
        quantiles = np.full((self.BINS, len(shares)), np.nan)
        for row in np.flatnonzero(joint.sum(axis=1)):
            below = np.r_[0.0, joint[row].cumsum()] / joint[row].sum()
            quantiles[row] = np.interp(shares, below, edges)
        return quantiles

    def edges(self) -> NDArray[np.float64]:
        """(BINS + 1,) borders of the bins of either."""
        bins = np.arange(self.FIRST, self.FIRST + self.BINS + 1, dtype=np.int64)
        return bin_edges(bins, self.BITS).astype(np.float64)

    def _bins(self, uncertainty: Tensor) -> Tensor:
        return (ordered_bins(uncertainty, self.BITS) - self.FIRST).clamp(0, self.BINS - 1)


def _centred_ranks(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean rank of each bin, less the mean rank of all."""
    return counts.cumsum() - counts / 2 - float(counts.sum()) / 2
