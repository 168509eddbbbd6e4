# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From one score an image to a decision over time: is this scene like what the model was trained on?"""

import math
from collections import deque
from dataclasses import dataclass

from uncd_ros.errors import ConfigError

LONGEST_STEP = 10.0
"""Seconds between two images; a longer step, or one back, is a clock that was set and counts as no time."""


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
class OodTiming:
    """When the flag rises and falls. Raises ConfigError where the numbers do not fit each other."""

    false_alarm_rate: float = 0.01
    """Share of images of a familiar scene, in (0, 1), that may be strange: sets the threshold."""
    false_alarms_per_hour: float = 0.0
    """Times an hour, on average, that a familiar scene may raise the flag: sets it instead, unless it is 0."""
    window: int = 5
    """Images that are looked back on, 1 or more."""
    required: int = 3
    """Strange images among them that raise the flag, 1 to `window`."""
    release: int = 1
    """Strange images among them at which it falls again, 0 to `required` - 1."""
    hold: float = 1.0
    """Seconds, by the stamps of the images, that it stays up at least."""

    def __post_init__(self) -> None:
        if not 1 <= self.required <= self.window:
            raise ConfigError(f'ood.required is {self.required}, expected 1 to ood.window = {self.window}')
        if not 0 <= self.release < self.required:
            raise ConfigError(f'ood.release is {self.release}, expected 0 to ood.required - 1 = {self.required - 1}')
        if not self.hold >= 0.0:
            raise ConfigError(f'ood.hold is {self.hold}, expected 0 or more seconds')
        if not self.false_alarms_per_hour >= 0.0:
            raise ConfigError(f'ood.false_alarms_per_hour is {self.false_alarms_per_hour}, expected 0 or more')

    def image_rate(self, fps: float) -> float:
        """Share of images of a familiar scene that may be strange, for a camera of `fps` images per second (or NaN)."""
        if self.false_alarms_per_hour == 0.0 or math.isnan(fps):
            return self.false_alarm_rate
        return min(0.5, self.false_alarms_per_hour / self.alarms_per_hour(1.0, fps))

    def alarms_per_hour(self, image_rate: float, fps: float) -> float:
        """Times an hour that the flag can rise, on average, if `image_rate` is the share of strange images.

        A bound that needs no independence: the flag falls with `release` strange images in the window and rises
        with `required`, so that every rise takes at least the difference in new ones.
        """
        return 3600.0 * fps * image_rate / (self.required - self.release)


@dataclass(frozen=True, slots=True, kw_only=True)
class OodDecision:
    """What the node says about one image."""

    is_ood: bool
    """The flag: the scene has been strange, or the camera faulty, of late."""
    score: float
    """Image score; higher is stranger; NaN for an image that could not be read."""
    threshold: float
    """Score above which an image counts as strange."""
    alarms: int
    """Times the flag has risen."""
    false_alarm_rate: float
    """Share of images of a familiar scene, in (0, 1), that may be strange at this threshold."""
    guaranteed: bool
    """Whether the model was calibrated on enough independent images to promise that share."""
    false_alarms_per_hour: float
    """Times an hour that a familiar scene may raise the flag at most, on average, at the rate of late; NaN at first."""
    reason: str
    """One sentence for a person."""


class StampClock:
    """Time as the stamps of one camera tell it; neither a clock that is set nor a pause moves it."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        """Seconds."""
        self._last: float | None = None
        self._steps: deque[float] = deque(maxlen=30)

    def advance(self, stamp: float) -> None:
        """Take the stamp of the next image, in seconds."""
        step = 0.0 if self._last is None else stamp - self._last
        self._last = stamp
        if 0.0 < step <= LONGEST_STEP:
            self.elapsed += step
            self._steps.append(step)

    @property
    def rate(self) -> float:
        """Images per second of late; NaN before the second."""
        return len(self._steps) / sum(self._steps) if self._steps else math.nan


class OodMonitor:
    """Raises the flag when enough of the latest images were strange, and lowers it later than it raised it."""

    def __init__(self, rule: OodRule, timing: OodTiming) -> None:
        self.alarms = 0
        self._is_ood = False
        self._risen = 0.0
        self._clock = StampClock()
        self._recent: deque[float] = deque()
        self.tune(rule, timing)

    def tune(self, rule: OodRule, timing: OodTiming) -> None:
        """Judge by this from the next image on; the images of late are judged anew."""
        self._rule, self._timing = rule, timing
        self._recent = deque(self._recent, maxlen=timing.window)

    def update(self, score: float, stamp: float, *, fault: str | None = None) -> OodDecision:
        """Judge the next image, taken at `stamp` seconds.

        A score that is not a number is strange, never silently fine; so is the image of a faulty
        camera, whatever its score: what it shows is not the scene. `fault` says what is wrong.
        """
        self._clock.advance(stamp)
        self._recent.append(score if fault is None else math.nan)
        rate = self._timing.image_rate(self._clock.rate)
        threshold = self._rule.threshold(rate)
        strange = sum(not each <= threshold for each in self._recent)
        self._turn(strange)
        seen, limit = len(self._recent), self._timing.release if self._is_ood else self._timing.required
        change = f'lowered at {limit}' if self._is_ood else f'raised at {limit}'
        reason = f'{strange} of the last {seen} images strange, flag is {change}'
        return OodDecision(
            is_ood=self._is_ood,
            score=score,
            threshold=threshold,
            alarms=self.alarms,
            false_alarm_rate=rate,
            guaranteed=self._rule.guaranteed(rate),
            false_alarms_per_hour=self._timing.alarms_per_hour(rate, self._clock.rate),
            reason=reason if fault is None else f'camera fault: {fault}; {reason}',
        )

    def _turn(self, strange: int) -> None:
        """Raise or lower the flag."""
        if not self._is_ood and strange >= self._timing.required:
            self._is_ood, self._risen = True, self._clock.elapsed
            self.alarms += 1
        elif self._is_ood and strange <= self._timing.release:
            self._is_ood = self._clock.elapsed - self._risen < self._timing.hold
