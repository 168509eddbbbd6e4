# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every time the flag rose: when, why, for how long, and the images around it as a picture."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from uncd_ros.bag_evaluation.event_file import Event
from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.bag_evaluation.sheet_file import sheet_row, write_sheet
from uncd_ros.images.contact_sheet import SheetRow
from uncd_ros.model.card import ModelCard

PICTURED = 20
"""Alarms that get a picture; the first ones."""


@dataclass(slots=True, kw_only=True)
class Alarm:
    """The flag, from its rise to its fall."""

    index: int
    """Of the message at which it rose."""
    stamp: int
    """Nanoseconds, of that image's header."""
    start: float
    end: float
    """Seconds from the bag's start; the last frame with the flag up."""
    frames: int
    peak: float
    """Highest image score; NaN where no image could be read."""
    fault: str
    """The camera's, when it rose; empty if there was none."""
    event: str
    """Kind of the event in which it rose; empty if it rose in none, or none are known."""
    picture: str
    """File in the report's folder; empty for those that got none."""


class AlarmLog:
    """Writes the pictures at once: of the images around a rise only those few are kept that the flag looks back on."""

    def __init__(self, folder: Path, card: ModelCard, events: Sequence[Event], window: int) -> None:
        """Pictures show the image before the `window` that raised the flag, the rise, and a window later."""
        self.alarms: list[Alarm] = []
        self._folder, self._card, self._events, self._window = folder, card, events, window
        self._recent: deque[FrameResult] = deque(maxlen=window + 1)
        self._open: list[tuple[Alarm, list[FrameResult], int]] = []
        self._is_up = False

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        result = replace(result, output=None)  # results are kept for pictures, which need none of these large maps
        if result.prediction:
            self._recent.append(result)
        is_rise = result.decision.is_ood and not self._is_up
        self._is_up = result.decision.is_ood
        if is_rise:
            self._rise(result)
        if self._is_up:
            alarm = self.alarms[-1]
            alarm.end, alarm.frames = result.seconds, alarm.frames + 1
            alarm.peak = float(np.fmax(alarm.peak, result.score))
        self._follow(result)

    def close(self) -> None:
        """Draw those that the end of the bag cut short."""
        for alarm, rows, _ in self._open:
            self._draw(alarm, rows)
        self._open.clear()

    def _rise(self, result: FrameResult) -> None:
        kinds = [event.kind for event in self._events if event.covers(result.seconds)]
        alarm = Alarm(
            index=result.frame.message.index,
            stamp=result.frame.stamp,
            start=result.seconds,
            end=result.seconds,
            frames=0,
            peak=math.nan,
            fault=result.decision.fault,
            event=', '.join(kinds),
            picture='',
        )
        self.alarms.append(alarm)
        if len(self.alarms) <= PICTURED:
            rows = [self._recent[0]] if self._recent else []
            rows += [result] if result.prediction and rows[0] is not result else []
            self._open.append((alarm, rows, self._window))

    def _follow(self, result: FrameResult) -> None:
        """Wait for the image a window after each rise."""
        still = []
        for alarm, rows, wait in self._open:
            left = max(0, wait - (result.frame.message.index != alarm.index))
            if left == 0 and result.prediction:
                self._draw(alarm, [*rows, result])
            else:
                still.append((alarm, rows, left))
        self._open = still

    def _draw(self, alarm: Alarm, rows: Sequence[FrameResult]) -> None:
        if not rows:
            return
        shown, name = [_row(each) for each in rows], f'alarm_{alarm.index:06d}.jpg'
        alarm.picture = write_sheet(shown, self._card, self._folder, name)


def _row(result: FrameResult) -> SheetRow:
    row, decision = sheet_row(result), result.decision
    return replace(row, caption=f'{row.caption}, threshold {decision.threshold:.3f}: {decision.reason}')
