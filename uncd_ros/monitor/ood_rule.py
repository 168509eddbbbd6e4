# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The conformal threshold: above which image score an image counts as anomalous."""

import math
from dataclasses import dataclass

from uncd_ros.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class OodRule:
    """Image scores of nominal drives, each by a student that never saw it.

    Raises ConfigError where the fields do not fit.
    """

    calibration_scores: tuple[float, ...]
    """Image scores on held-out in-distribution drives, finite and ascending; at least one."""
    effective_n: int
    """Independent frames that they are worth, 1 to the number of scores: neighbours of one drive repeat each other."""
    false_alarm_rate: float
    """Share of in-distribution images, in (0, 1), that may pass the threshold by default."""

    def __post_init__(self) -> None:
        scores = self.calibration_scores
        if not scores or not all(map(math.isfinite, scores)) or list(scores) != sorted(scores):
            raise ConfigError('calibration_scores is empty, not ascending or not finite, expected sorted finite scores')
        if not 1 <= self.effective_n <= len(scores):
            raise ConfigError(f'effective_n is {self.effective_n}, expected 1 to {len(scores)}, the number of scores')
        _check_rate(self.false_alarm_rate)

    def threshold(self, false_alarm_rate: float | None = None) -> float:
        """Conformal threshold: the k-th smallest score, k = ceil((n + 1)(1 - a)).

        With fewer than 1/a - 1 scores k exceeds n and the largest score is returned; the promise
        then no longer holds, and `guaranteed` says so.
        """
        rate = self.false_alarm_rate if false_alarm_rate is None else false_alarm_rate
        _check_rate(rate)
        n = len(self.calibration_scores)
        k = min(n, math.ceil((n + 1) * (1.0 - rate)))
        return self.calibration_scores[k - 1]

    def guaranteed(self, false_alarm_rate: float) -> bool:
        """Whether the effective number of scores suffices to promise this rate."""
        return math.ceil((self.effective_n + 1) * (1.0 - false_alarm_rate)) <= self.effective_n


def _check_rate(rate: float) -> None:
    if not 0.0 < rate < 1.0:
        raise ConfigError(f'false_alarm_rate is {rate}, expected a number between 0 and 1')
