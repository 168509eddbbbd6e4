# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A threshold for an engine from torch's calibration scores, where the frames at hand cannot set one.

The student was trained on these frames and scores them lower than new ones: their scores are no calibration. But torch
and the engine can score the same images, which tells how the engine's score follows torch's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.model.engine_parity import score_spread
from uncd_ros.monitor.ood_rule import OodRule

PAIRS_MIN = 50
"""Images that it takes to tell how one score follows the other."""
SCATTER_MAX = 0.2
"""Standard deviation about the line, as a share of the spread of torch's calibration scores."""
_WINDOW_MIN = 0.3
"""Smallest side of a window, as a share of the image's."""

Pair = tuple[float, float]
"""Image score of one image by torch, and by the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOver:
    """The rule of an engine, and how it came about."""

    ood: OodRule
    pairs: int
    """Images that have told."""
    slope: float
    scatter: float
    """Standard deviation of the engine's score about the line, in units of the score."""


def window(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """A random window of it, at its size: a view that training has hardly shown, so it scores like a new image.

    The frames as they are score below all calibration scores, and a line through them is wrong where it matters:
    benchmark/NOTES.md.
    """
    rng = np.random.default_rng(seed)
    share = rng.uniform(_WINDOW_MIN, 1.0)
    height, width = image.shape[:2]
    h, w = max(1, round(share * height)), max(1, round(share * width))
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    found: NDArray[np.uint8] = cv2.resize(image[y : y + h, x : x + w], (width, height)).astype(np.uint8, copy=False)
    return found


def carry_over(rule: OodRule, pairs: Sequence[Pair]) -> CarriedOver | str:
    """Calibration scores that the engine would have given, or why nobody can say, in half a sentence.

    A line is fitted by least squares to the pairs in the range of torch's calibration scores, and these are put on it.
    What the line leaves is drawn for each of them from what it left of the pairs, in a fixed order: without that
    scatter the threshold would be too strict for the engine, whose scores have it.
    """
    scores = np.asarray(rule.calibration_scores)
    every = np.asarray(pairs, np.float64).reshape(-1, 2)
    x, y = every[(every[:, 0] >= scores[0]) & (every[:, 0] <= scores[-1])].T
    if len(x) < PAIRS_MIN:
        return (
            f'{len(x)} windows of frames have scores in the range of the calibration, expected {PAIRS_MIN}, to tell '
            'how its image scores follow those of torch'
        )
    slope, offset = (float(each) for each in np.polyfit(x, y, 1))
    left = y - (slope * x + offset)
    scatter, most = float(np.std(left, ddof=2)), SCATTER_MAX * score_spread(rule)
    if slope <= 0.0 or scatter > most:
        return (
            f'its image scores do not follow those of torch: slope {slope:.2f}, scatter {scatter:.2g}, expected a '
            f'positive one and {most:.2g} at most'
        )
    drawn = np.random.default_rng(0).choice(left, len(scores))
    engine_scores = tuple(np.sort(slope * scores + offset + drawn).tolist())
    return CarriedOver(ood=replace(rule, calibration_scores=engine_scores), pairs=len(x), slope=slope, scatter=scatter)
