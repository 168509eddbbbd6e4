# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Anomalies counted as things, not as pixels: the component metrics of SegmentMeIfYouCan (Chan et al. 2021)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F1_THRESHOLDS = tuple(round(0.25 + 0.05 * step, 2) for step in range(11))
"""Overlaps above which a component counts as found; mean F1 is over these."""
SMALLEST = 50
"""Pixels of a predicted component, as on the benchmark's track of obstacles; what is smaller is dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentResult:
    """How well anomalous components are found at one threshold of a score."""

    threshold: float
    """Score above which a pixel counts as anomalous: that of the best F1 of pixels, as on the benchmark."""
    siou: float
    """Mean over true components of their adjusted IoU, in [0, 1]."""
    ppv: float
    """Mean over predicted components of the share of their pixels that is anomalous, in [0, 1]."""
    f1: float
    """Mean over F1_THRESHOLDS of the F1 of components, in [0, 1]."""


class ComponentMetrics:
    """Streams predicted and true masks; a few numbers a component are all that is kept."""

    def __init__(self, threshold: float) -> None:
        """`threshold` is that of the score that gave the predicted masks; it is only passed on."""
        self.threshold = threshold
        self.sious: list[float] = []
        self.ppvs: list[float] = []

    def update(self, predicted: NDArray[np.bool_], anomalous: NDArray[np.bool_], valid: NDArray[np.bool_]) -> None:
        """(H, W) each; only valid pixels count."""
        truth, true_count = _components(anomalous & valid)
        found, found_count = _components(predicted & valid, SMALLEST)
        pairs = np.bincount((truth * found_count + found).ravel(), minlength=true_count * found_count)
        overlap = pairs.reshape(true_count, found_count)
        self._add(overlap[1:, 1:], overlap.sum(axis=1)[1:], overlap.sum(axis=0)[1:])

    def _add(self, overlap: NDArray[np.int64], true_sizes: NDArray[np.int64], found_sizes: NDArray[np.int64]) -> None:
        """`overlap` is pixels by true and predicted component."""
        on_anomaly = overlap.sum(axis=0)
        for row, size in zip(overlap, true_sizes, strict=True):
            touching = row > 0
            # What a touching component has in common with other anomalies is no fault of this one.
            outside = (found_sizes - on_anomaly)[touching].sum()
            self.sious.append(float(row.sum() / (size + outside)))
        self.ppvs += (on_anomaly / found_sizes).tolist()

    def result(self) -> ComponentResult:
        """NaN without true components; without predicted ones, ppv is NaN."""
        sious, ppvs = np.asarray(self.sious), np.asarray(self.ppvs)
        f1s = []
        for least in F1_THRESHOLDS:
            hits, misses, false_finds = (sious > least).sum(), (sious <= least).sum(), (ppvs <= least).sum()
            f1s.append(2 * hits / (2 * hits + misses + false_finds) if len(sious) else np.nan)
        return ComponentResult(
            threshold=self.threshold,
            siou=float(sious.mean()) if len(sious) else float('nan'),
            ppv=float(ppvs.mean()) if len(ppvs) else float('nan'),
            f1=float(np.mean(f1s)),
        )


def _components(mask: NDArray[np.bool_], smallest: int = 1) -> tuple[NDArray[np.int32], int]:
    """(H, W) number of each pixel's component, 0 for none, and how many numbers there are; corners connect."""
    count, numbers, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = np.flatnonzero(statistics[1:, cv2.CC_STAT_AREA] >= smallest) + 1
    table = np.zeros(count, np.int32)
    table[kept] = np.arange(1, len(kept) + 1)
    return table[numbers], len(kept) + 1
