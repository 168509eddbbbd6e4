# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive over time in a fixed number of bins: however long it is, it fits a figure and takes the same memory."""

import numpy as np
from numpy.typing import NDArray

from uncd_ros.bag_evaluation.frame_results import FrameResult

BINS = 600
"""At most; fewer for fewer frames."""


class Timeline:
    """Score, uncertainty, classes, flag and faults. Arrays have a value a bin; NaN where a bin holds no frame."""

    def __init__(self, seconds: float, frames: int, classes: int) -> None:
        """For a drive of so many seconds, and so many frames as far as is known."""
        self.bins = max(1, min(BINS, frames))
        self.seconds = max(seconds, 1e-9)
        self.edges = np.linspace(0.0, self.seconds, self.bins + 1)
        self._frames, self._readable, self._flagged, self._faulty, self._obstructed = np.zeros((5, self.bins), np.int64)
        self._score_sum = np.zeros(self.bins)
        self.score_low, self.score_high = np.full((2, self.bins), np.nan)
        self._pixels = np.zeros((self.bins, classes), np.int64)
        self._uncertainty = np.zeros((self.bins, classes))

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        place = min(max(int(result.seconds / self.seconds * self.bins), 0), self.bins - 1)
        self._frames[place] += 1
        self._flagged[place] += result.decision.is_ood
        self._faulty[place] += bool(result.decision.fault)
        self._obstructed[place] += bool(result.obstacles)
        if result.prediction:
            self._readable[place] += 1
            self._score_sum[place] += result.score
            self.score_low[place] = np.fmin(self.score_low[place], result.score)
            self.score_high[place] = np.fmax(self.score_high[place], result.score)
            self._pixels[place] += result.pixels
            self._uncertainty[place] += result.uncertainty

    @property
    def frames(self) -> int:
        """All that came."""
        return int(self._frames.sum())

    @property
    def flagged_frames(self) -> int:
        """Those with the flag up."""
        return int(self._flagged.sum())

    @property
    def has_frames(self) -> NDArray[np.bool_]:
        """Bins that hold any."""
        return self._frames > 0

    @property
    def is_flagged(self) -> NDArray[np.bool_]:
        """Bins in which the flag was up."""
        return self._flagged > 0

    @property
    def is_faulty(self) -> NDArray[np.bool_]:
        """Bins in which the camera was faulty."""
        return self._faulty > 0

    @property
    def is_obstructed(self) -> NDArray[np.bool_]:
        """Bins in which an obstacle was seen."""
        return self._obstructed > 0

    @property
    def score(self) -> NDArray[np.float64]:
        """Mean image score."""
        return ratio(self._score_sum, self._readable)

    @property
    def uncertainty(self) -> NDArray[np.float64]:
        """Mean over pixels."""
        return ratio(self._uncertainty.sum(axis=1), self._pixels.sum(axis=1))

    @property
    def area(self) -> NDArray[np.float64]:
        """(bins, C) share of the pixels."""
        return ratio(self._pixels, self._pixels.sum(axis=1, keepdims=True))

    @property
    def class_uncertainty(self) -> NDArray[np.float64]:
        """(bins, C) mean over the pixels of the class."""
        return ratio(self._uncertainty, self._pixels)

    def of_classes(self) -> list[tuple[float, float]]:
        """Share of all pixels and mean uncertainty of each class, over the whole drive."""
        pixels, sums = self._pixels.sum(axis=0), self._uncertainty.sum(axis=0)
        return list(zip(ratio(pixels, pixels.sum()).tolist(), ratio(sums, pixels).tolist(), strict=True))

    def mean_score(self) -> float:
        """Over all frames that could be read."""
        return float(ratio(self._score_sum.sum(), self._readable.sum()))

    def mean_uncertainty(self) -> float:
        """Over all pixels."""
        return float(ratio(self._uncertainty.sum(), self._pixels.sum()))


def ratio(part: NDArray[np.number] | np.number, whole: NDArray[np.integer] | np.integer) -> NDArray[np.float64]:
    """One over the other; NaN over 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole))
    quotient: NDArray[np.float64] = np.full(part.shape, np.nan)
    np.divide(part, whole, out=quotient, where=whole > 0)
    return quotient
