# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time by stage of the work on one image or batch."""

import time


class Stopwatch:
    """Time by stage, for one image or batch."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """What went by since the last lap, or the start, was this stage."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now
