# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From one score an image to a decision over time: is this scene like what the model was trained on?"""

import math
from collections import deque
from dataclasses import dataclass

from uncd_ros.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class OodRule:
    """How strange the images of a street that the student never saw look to it."""

    calibration_scores: tuple[float, ...]
    """Image scores on unseen in-distribution sequences, ascending."""
    effective_n: int
    """Independent blocks among those frames: neighbours of one drive repeat each other."""
    false_alarm_rate: float
    """Share of in-distribution frames, in (0, 1), that may pass the threshold by default."""

    def threshold(self, false_alarm_rate: float | None = None) -> float:
        """Conformal threshold: the k-th smallest score, k = ceil((n + 1)(1 - a)).

        With fewer than 1/a - 1 scores k exceeds n and the largest score is returned; the promise
        then no longer holds, and `guaranteed` says so.
        """
        rate = self.false_alarm_rate if false_alarm_rate is None else false_alarm_rate
        if not 0.0 < rate < 1.0:
            raise ConfigError(f'false alarm rate is {rate}, expected a number between 0 and 1')
        n = len(self.calibration_scores)
        k = min(n, math.ceil((n + 1) * (1.0 - rate)))
        return self.calibration_scores[k - 1]

    def guaranteed(self, false_alarm_rate: float) -> bool:
        """Whether the effective number of scores suffices to promise this rate."""
        return math.ceil((self.effective_n + 1) * (1.0 - false_alarm_rate)) <= self.effective_n


@dataclass(frozen=True, slots=True, kw_only=True)
class OodDecision:
    """What the node says about one image."""

    is_ood: bool
    score: float
    """Image score; higher is stranger."""
    threshold: float
    """Score above which a frame counts as strange."""
    reason: str
    """One sentence for a person."""


class OodMonitor:
    """Raises the flag when `required` of the last `window` frames were strange."""

    def __init__(self, threshold: float, *, window: int = 5, required: int = 3) -> None:
        if not 1 <= required <= window:
            raise ConfigError(f'ood.required is {required}, expected 1 to ood.window = {window}')
        self.threshold = threshold
        self.required = required
        self._recent: deque[bool] = deque(maxlen=window)

    def update(self, score: float) -> OodDecision:
        """Judge the next frame. A score that is not a number is strange, never silently fine."""
        self._recent.append(not score <= self.threshold)
        strange, seen = sum(self._recent), len(self._recent)
        is_ood = strange >= self.required
        return OodDecision(
            is_ood=is_ood,
            score=score,
            threshold=self.threshold,
            reason=f'{strange} of the last {seen} frames above the threshold, {self.required} raise the flag',
        )
