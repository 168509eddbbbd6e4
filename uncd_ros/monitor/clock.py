# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time of an image stream: by its stamps, or by the arrival of its images where the stamps give none."""

import math
from collections import deque

LONGEST_STEP = 10.0
"""Seconds between two stamps; a longer step, one back or none at all is no measure of time: the arrival is."""


class StreamClock:
    """Adds up the steps from image to image of one camera."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        """Seconds since the first image."""
        self._last: tuple[float, float] | None = None
        self._steps: deque[float] = deque(maxlen=30)

    def advance(self, stamp: float, arrival: float) -> None:
        """Take the next image's stamp and its time of arrival on a steady clock, both in seconds."""
        if self._last is not None:
            step = self.step(stamp, arrival)
            self.elapsed += step
            self._steps.append(step)
        self._last = stamp, arrival

    def step(self, stamp: float, arrival: float) -> float:
        """Seconds from the last image to one with this stamp and time of arrival; 0 for the first."""
        if self._last is None:
            return 0.0
        step = stamp - self._last[0]
        return step if 0.0 < step <= LONGEST_STEP else max(0.0, arrival - self._last[1])

    @property
    def fps(self) -> float:
        """Images per second over the last 30; NaN before time has passed."""
        total = sum(self._steps)
        return len(self._steps) / total if total > 0.0 else math.nan
