# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which images of a fast camera are worked on."""


class RateLimit:
    """Lets an item through every so often."""

    def __init__(self) -> None:
        self._next = float('-inf')

    def admits(self, now: float, rate: float) -> bool:
        """Whether the item that comes at `now` seconds may pass at `rate` items per second; 0 is no limit.

        Due times lie on a grid, and an item may be a quarter of a period early: 30 images per second are
        thinned to 20, not to 15, and 30 of a camera that trembles stay 30.
        """
        period = 1.0 / rate if rate else 0.0
        if rate and now < self._next - period / 4:
            return False
        self._next = (self._next if now - self._next < period else now) + period
        return True
