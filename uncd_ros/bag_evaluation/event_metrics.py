# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Known stretches of strangeness against the node's own flag: how late it rose, what it missed, what it made up.

- An event is detected if the flag rises in it, from `start` up to but not at `end`; the delay is the time from its
  start to the rise. A flag that was up before it and stays up to its end says nothing about it: such an event is
  neither detected nor missed.
- The flag rising outside of every event is a false alarm; their rate is over the time outside of events, with the exact
  Poisson interval (Garwood 1936).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from scipy.stats import chi2

from uncd_ros.bag_evaluation.event_file import Event
from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.monitor.clock import LONGEST_STEP

BATCH = 1024
"""Scores that are ranked at a time: a histogram of a million bins takes its time however few come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """What became of one event. NaN, null in report.json, is what does not exist."""

    kind: str
    start: float
    end: float
    """Seconds from the bag's start."""
    frames: int
    detected: bool
    """Whether the flag rose in it."""
    delay: float
    """Seconds to its rise."""
    up_before: bool
    """Whether the flag was up before it and stayed up to its end."""
    flagged: float
    """Share of its frames with the flag up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOutcome:
    """All events of one kind that have frames."""

    events: int
    detected: int
    missed: int
    up_before: int
    """Events of which nothing is known, as the flag was up before."""
    delay_median: float
    delay_max: float
    """Seconds, over those detected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReport:
    """The flag over a whole drive."""

    events: list[EventOutcome]
    by_kind: dict[str, KindOutcome]
    detected: int
    missed: int
    up_before: int
    """Events of which nothing is known, as the flag was up before."""
    unseen: int
    """Events without a frame; they count nowhere else."""
    delay_median: float
    false_alarms: int
    false_alarms_of_faults: int
    """Those that rose while the camera was faulty: not the scene's doing."""
    nominal_hours: float
    """Time outside of events."""
    false_alarms_per_hour: float
    ci95: tuple[float, float]
    """Of the rate."""
    nominal_flagged: float
    """Share of the frames outside of events with the flag up."""
    image_auroc: float
    """Of telling frames of events from the others by the image score alone."""


class EventScore:
    """Follows the flag; memory does not grow with the frames."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._tallies = [_Tally(event) for event in events]
        self._ranking = Ranking()
        self._scores: list[tuple[float, bool]] = []
        self._was_up, self._last = False, math.nan
        self._was_nominal = False
        self._nominal_seconds = 0.0
        self._false = self._faulty = self._nominal_frames = self._nominal_flagged = 0

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        inside = [tally for tally in self._tallies if tally.event.covers(result.seconds)]
        is_up = result.decision.is_ood
        for tally in inside:
            tally.update(result.seconds, is_up, self._was_up)
        step = result.seconds - self._last
        if self._was_nominal and 0.0 < step <= LONGEST_STEP:
            self._nominal_seconds += step
        if not inside:
            self._nominal_frames += 1
            self._nominal_flagged += is_up
            is_rise = is_up and not self._was_up
            self._false += is_rise
            self._faulty += is_rise and bool(result.decision.fault)
        if result.prediction:
            self._scores.append((result.score, bool(inside)))
            if len(self._scores) == BATCH:
                self._rank()
        self._was_up, self._was_nominal, self._last = is_up, not inside, result.seconds

    def report(self) -> EventReport:
        """Of all images so far."""
        self._rank()
        outcomes = [tally.outcome() for tally in self._tallies]
        seen = [each for each in outcomes if each.frames]
        hours = self._nominal_seconds / 3600.0
        low, high = poisson_interval(self._false)
        kinds = sorted({each.kind for each in seen})
        detected = sum(each.detected for each in seen)
        return EventReport(
            events=outcomes,
            by_kind={kind: _of_kind([each for each in seen if each.kind == kind]) for kind in kinds},
            detected=detected,
            missed=sum(not each.detected and not each.up_before for each in seen),
            up_before=sum(each.up_before for each in seen),
            unseen=len(outcomes) - len(seen),
            delay_median=_median(each.delay for each in seen if each.detected),
            false_alarms=self._false,
            false_alarms_of_faults=self._faulty,
            nominal_hours=hours,
            false_alarms_per_hour=self._false / hours if hours else math.nan,
            ci95=(low / hours, high / hours) if hours else (math.nan, math.nan),
            nominal_flagged=self._nominal_flagged / self._nominal_frames if self._nominal_frames else math.nan,
            image_auroc=self._ranking.auroc(),
        )

    def _rank(self) -> None:
        scores, inside = torch.tensor(self._scores).reshape(-1, 2).T
        self._ranking.update(scores, inside.bool())
        self._scores.clear()


class _Tally:
    """One event while it goes by."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self._frames = self._flagged = 0
        self._delay = math.nan

    def update(self, seconds: float, is_up: bool, was_up: bool) -> None:
        """A frame of it."""
        if is_up and not was_up and math.isnan(self._delay):
            self._delay = seconds - self.event.start
        self._frames += 1
        self._flagged += is_up

    def outcome(self) -> EventOutcome:
        """What became of it."""
        detected = not math.isnan(self._delay)
        return EventOutcome(
            kind=self.event.kind,
            start=self.event.start,
            end=self.event.end,
            frames=self._frames,
            detected=detected,
            delay=self._delay,
            up_before=0 < self._frames == self._flagged and not detected,
            flagged=self._flagged / self._frames if self._frames else math.nan,
        )


def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of the mean of a Poisson count (Garwood 1936)."""
    tail = (1.0 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(1.0 - tail, 2 * count + 2)) / 2


def _of_kind(outcomes: Sequence[EventOutcome]) -> KindOutcome:
    delays = [each.delay for each in outcomes if each.detected]
    return KindOutcome(
        events=len(outcomes),
        detected=len(delays),
        missed=sum(not each.detected and not each.up_before for each in outcomes),
        up_before=sum(each.up_before for each in outcomes),
        delay_median=_median(delays),
        delay_max=max(delays, default=math.nan),
    )


def _median(delays: Iterable[float]) -> float:
    """NaN of none."""
    values = list(delays)
    return median(values) if values else math.nan
