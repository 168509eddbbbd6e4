# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From one score per image to a flag over time: k of the last n images raise it, hysteresis and a hold lower it."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from uncd_ros.errors import ConfigError
from uncd_ros.monitor.clock import StreamClock
from uncd_ros.monitor.ood_rule import OodRule


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmParams:
    """When the flag rises and falls. Raises ConfigError where the numbers contradict each other."""

    false_alarm_rate: float = 0.01
    """Share of nominal images, in (0, 1), that may be anomalous: sets the threshold."""
    false_alarms_per_hour: float = 0.0
    """Times per hour, on average, that nominal images may raise the flag: sets the threshold instead, unless 0."""
    window: int = 5
    """Images that are looked back on, 1 or more."""
    required: int = 3
    """Anomalous images among them that raise the flag, 1 to `window`."""
    release: int = 1
    """Anomalous images among them at which it falls again, 0 to `required` - 1."""
    hold: float = 1.0
    """Seconds that it stays up at least, by the clock of the image stream."""

    def __post_init__(self) -> None:
        if not 0.0 < self.false_alarm_rate < 1.0:
            raise ConfigError(f'ood.false_alarm_rate is {self.false_alarm_rate}, expected a number between 0 and 1')
        if not 1 <= self.required <= self.window:
            raise ConfigError(f'ood.required is {self.required}, expected 1 to ood.window = {self.window}')
        if not 0 <= self.release < self.required:
            raise ConfigError(f'ood.release is {self.release}, expected 0 to ood.required - 1 = {self.required - 1}')
        if not (self.hold >= 0.0 and math.isfinite(self.hold)):
            raise ConfigError(f'ood.hold is {self.hold}, expected 0 or more seconds')
        if not (self.false_alarms_per_hour >= 0.0 and math.isfinite(self.false_alarms_per_hour)):
            raise ConfigError(f'ood.false_alarms_per_hour is {self.false_alarms_per_hour}, expected 0 or more')

    def image_rate(self, fps: float) -> float:
        """Share of nominal images that may be anomalous, for a camera of `fps` images per second (or NaN)."""
        if self.false_alarms_per_hour == 0.0 or math.isnan(fps):
            return self.false_alarm_rate
        return min(0.5, self.false_alarms_per_hour / self.alarms_per_hour(1.0, fps))

    def alarms_per_hour(self, image_rate: float, fps: float) -> float:
        """Times per hour that the flag can rise, on average, if `image_rate` is the share of anomalous images.

        A bound that needs no independence: the flag falls with `release` anomalous images in the window and rises
        with `required`, so every rise takes at least the difference in new ones.
        """
        return 3600.0 * fps * image_rate / (self.required - self.release)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """The flag after one image."""

    is_ood: bool
    threshold: float
    """Image score above which an image counts as anomalous."""
    alarms: int
    """Times the flag has risen."""
    false_alarm_rate: float
    """Share of nominal images, in (0, 1), that may pass the threshold."""
    guaranteed: bool
    """Whether the model was calibrated on enough independent images to promise that share."""
    false_alarms_per_hour: float
    """Times per hour that nominal images may raise the flag at most, on average, at the present fps; NaN at first."""
    reason: str
    """One sentence for a person."""


class OodAlarm:
    """Raises the flag when enough of the latest images were anomalous, and lowers it later than it raised it."""

    def __init__(self, rule: OodRule, params: AlarmParams) -> None:
        self._rule, self._params = rule, params
        self._is_ood, self._alarms, self._risen = False, 0, 0.0
        self._clock = StreamClock()
        self._scores: deque[float] = deque(maxlen=params.window)

    def reconfigure(self, rule: OodRule, params: AlarmParams) -> None:
        """Decide by these from the next image on. A raised flag and the alarm count stay.

        Scores of another rule, that is of another model, cannot be compared with its threshold: they are forgotten,
        and a raised flag stays up until the window is full again.
        """
        scores = self._scores if rule is self._rule or rule == self._rule else ()
        self._rule, self._params = rule, params
        self._scores = deque(scores, maxlen=params.window)

    def update(self, score: float, *, stamp: float, arrival: float) -> AlarmState:
        """Take the score of the next image; NaN, a score that does not exist, counts as anomalous.

        `stamp` and `arrival` are seconds; see `StreamClock`.
        """
        self._clock.advance(stamp, arrival)
        self._scores.append(score)
        return self._decide()

    def raise_now(self) -> AlarmState:
        """Raise the flag at once, without an image; scores fill the window again before it can fall."""
        self._scores.extend([math.nan] * self._params.window)
        return self._decide()

    def stays_up(self, *, stamp: float, arrival: float) -> bool:
        """Whether the flag is up and the next image, which came so, cannot lower it, whatever its score."""
        window = self._params.window
        staying = list(self._scores)[max(0, len(self._scores) + 1 - window) :]
        held = self._clock.elapsed + self._clock.step(stamp, arrival) - self._risen < self._params.hold
        full = len(staying) + 1 == window
        return self._is_ood and (held or not full or self._anomalous(staying) > self._params.release)

    def state(self) -> AlarmState:
        """The flag as it stands."""
        rate = self._params.image_rate(self._clock.fps)
        anomalous = self._anomalous(self._scores)
        change = f'is lowered at {self._params.release}' if self._is_ood else f'is raised at {self._params.required}'
        return AlarmState(
            is_ood=self._is_ood,
            threshold=self._rule.threshold(rate),
            alarms=self._alarms,
            false_alarm_rate=rate,
            guaranteed=self._rule.guaranteed(rate),
            false_alarms_per_hour=self._params.alarms_per_hour(rate, self._clock.fps),
            reason=f'{anomalous} of the last {len(self._scores)} images are anomalous, the flag {change}',
        )

    def _anomalous(self, scores: Iterable[float]) -> int:
        threshold = self._rule.threshold(self._params.image_rate(self._clock.fps))
        return sum(not score <= threshold for score in scores)

    def _decide(self) -> AlarmState:
        """By the scores in the window."""
        params, anomalous = self._params, self._anomalous(self._scores)
        if not self._is_ood and anomalous >= params.required:
            self._is_ood, self._risen = True, self._clock.elapsed
            self._alarms += 1
        elif self._is_ood and anomalous <= params.release and len(self._scores) == params.window:
            self._is_ood = self._clock.elapsed - self._risen < params.hold
        return self.state()
