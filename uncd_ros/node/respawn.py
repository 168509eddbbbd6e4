# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a node that died is started again: yes, but not for ever. Launch itself can count only since Jazzy."""

FAILURES = 3
"""In a row, after which it is given up."""
LASTING = 60.0
"""Seconds after which a node that ran has not failed to start."""
DELAY = 5.0
"""Seconds from its end to its next start."""


class Respawn:
    """Counts failures in a row. Times are seconds of one steady clock, which the caller reads."""

    def __init__(self) -> None:
        self._failures = 0
        self._start = 0.0

    def started(self, now: float) -> None:
        """The node starts."""
        self._start = now

    def died(self, now: float) -> bool:
        """It died; whether to start it again."""
        self._failures = 1 if now - self._start >= LASTING else self._failures + 1
        return self._failures < FAILURES
