# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the last seconds; around each event it writes a bag."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from uncd_ros.recording.bag_folder import BagFolder
from uncd_ros.recording.bag_thread import BagThread, Outcome
from uncd_ros.recording.entry import Entry
from uncd_ros.recording.events import EventTimes, EventWindow
from uncd_ros.recording.ring import RingBuffer


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderState:
    """How it is doing."""

    held: float
    """Seconds that are kept at present."""
    size: int
    """Bytes of them."""
    shortfall: str
    """Why they are fewer than asked for, in a sentence; empty if they are not."""
    recording: str
    """Name of the bag that is being recorded; empty if none is."""
    fault: str
    """What went wrong with the latest bag; empty if nothing did."""


class EventRecorder:
    """From a stream of messages to bags. For several threads; `now` is as `Entry.received`."""

    def __init__(
        self, folder: BagFolder, times: EventTimes, capacity: int, on_end: Callable[[Outcome], None] = lambda _: None
    ) -> None:
        """`capacity` is in bytes of what is kept; as much again may wait for a slow disk.

        `on_end` is told what became of each bag, by the thread that wrote it.
        """
        self._folder, self._times, self._capacity, self._on_end = folder, times, capacity, on_end
        self._ring = RingBuffer(span=round(times.before * 1e9), capacity=capacity)
        self._window = EventWindow(times)
        self._bag: BagThread | None = None
        """The one that is being recorded."""
        self._threads: list[BagThread] = []
        """Those that may still be writing."""
        self._fault = ''
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Take the newest message."""
        with self._lock:
            self._end_if_over(entry.received)
            self._ring.add(entry)
            if self._bag is not None:
                self._bag.put(entry)

    def event(self, now: int) -> str:
        """Record around this moment: name of the bag, which may be one that has begun already."""
        with self._lock:
            self._end_if_over(now)
            if self._bag is not None:
                self._window.extend(now)
            else:
                self._window.begin(now)
                name = self._folder.name(now)
                self._bag = BagThread(self._folder, name, self._ring.entries(), self._capacity, self._ended)
                self._threads.append(self._bag)
            return self._bag.name

    def tick(self, now: int) -> RecorderState:
        """To be called now and then: a recording also ends when no message comes any more."""
        with self._lock:
            self._end_if_over(now)
            self._threads = [each for each in self._threads if each.is_alive]
            short = self._ring.is_short
            needed = f'{self._capacity / 1e6:.0f} MB hold {self._ring.held:.1f} s of messages'
            return RecorderState(
                held=self._ring.held,
                size=self._ring.size,
                shortfall=f'{needed}, expected {self._times.before:g} s' if short else '',
                recording=self._bag.name if self._bag else '',
                fault=self._fault,
            )

    def close(self) -> None:
        """End the bag that is being recorded, and wait until all are written."""
        with self._lock:
            self._end()
        for thread in self._threads:
            thread.join()

    def _end_if_over(self, now: int) -> None:
        if self._window.is_over(now):
            self._end()

    def _end(self) -> None:
        bag, self._bag = self._bag, None
        if bag is not None:
            bag.finish()

    def _ended(self, outcome: Outcome) -> None:
        self._fault = outcome.fault
        self._on_end(outcome)
