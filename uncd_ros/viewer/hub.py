# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between the node and the pages: the newest of everything, and which cameras anybody looks at."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from uncd_ros.viewer.picture import Picture, View

HISTORY = 1200
"""Decisions that a new page is shown at first: a minute at 20 per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the node decided about an image, or said without one."""

    time: float
    """Seconds of a steady clock."""
    score: float | None
    """None without an image, or where the image gave none."""
    threshold: float | None
    is_ood: bool
    reason: str
    fault: str
    """Of the camera; empty if there is none."""
    alarms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the node is doing, as of the latest diagnostics."""

    node: str
    cameras: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By name: the values of its status, with `level`, `message` and `topic`."""
    model: Mapping[str, str] = field(default_factory=dict)
    """As above."""


@dataclass(slots=True, kw_only=True)
class Channel:
    """All that is known of one camera."""

    pictures: dict[View, tuple[int, Picture]] = field(default_factory=dict)
    """The newest, each with its number."""
    decisions: deque[tuple[int, Decision]] = field(default_factory=lambda: deque(maxlen=HISTORY))


Look = tuple[str | None, View]
"""A camera, None for a page that does not yet know any, and what of it is looked at."""


class Page:
    """One open page: notices what it has not yet been sent. By the server's thread."""

    def __init__(self, hub: 'Hub', camera: str | None) -> None:
        self._hub, self.camera = hub, camera
        self._loop, self._changed = asyncio.get_running_loop(), asyncio.Event()
        self._is_woken = False
        """Whether `_changed` is set or about to be: to wake the server's thread again would cost time for nothing."""
        self._seen: dict[View, int] = {}
        self._seen_decision = -1
        self._seen_report: Report | None = None

    def wake(self) -> None:
        """There is something new; by any thread."""
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._changed.set)

    async def wait(self) -> None:
        """Until there is something new."""
        await self._changed.wait()
        self._changed.clear()
        self._is_woken = False  # before anything is read, so that what comes from now on wakes again

    def report(self) -> Report | None:
        """The latest, if it is new."""
        report, before = self._hub.latest_report, self._seen_report
        self._seen_report = report
        return report if report is not before else None

    def decisions(self) -> Sequence[Decision]:
        """Those that are new, oldest first."""
        new = self._hub.decisions_since(self.camera, self._seen_decision)
        self._seen_decision = new[-1][0] if new else self._seen_decision
        return [decision for _, decision in new]

    def picture(self, view: View) -> Picture | None:
        """The newest, if it is new; those between are left out."""
        number, picture = self._hub.newest_picture(self.camera, view)
        if picture is None or number <= self._seen.get(view, -1):
            return None
        self._seen[view] = number
        return picture


class Hub:
    """For the node's thread on one side and the server's on the other."""

    def __init__(self, node: str, on_pages: Callable[[], Any]) -> None:
        """`node` is the name of the perception node; `on_pages` is called when something else is looked at."""
        self.latest_report = Report(node=node)
        self._on_pages = on_pages
        self._lock = threading.Lock()
        self._numbers = count()
        self._channels: dict[str, Channel] = {}
        self._pages: list[Page] = []
        self._wanted: Counter[Look] = Counter()

    def wanted(self) -> frozenset[Look]:
        """What is looked at; empty without pages."""
        with self._lock:
            return frozenset(self._wanted)

    def show(self, camera: str, view: View, picture: Picture) -> None:
        """A new image takes the place of the one before."""
        with self._lock:
            self._channel(camera).pictures[view] = (next(self._numbers), picture)
        self._wake(camera)

    def tell(self, camera: str, decision: Decision) -> None:
        """A new decision."""
        with self._lock:
            self._channel(camera).decisions.append((next(self._numbers), decision))
        self._wake(camera)

    def report(self, report: Report) -> None:
        """New diagnostics."""
        self.latest_report = report
        for page in list(self._pages):
            page.wake()

    def forget(self, camera: str) -> None:
        """Nobody looks at it any more: what is known grows old."""
        with self._lock:
            self._channels.pop(camera, None)

    @contextmanager
    def page(self, camera: str | None, views: Collection[View], linger: float) -> Iterator[Page]:
        """An open page, by the server's thread; what it shows counts as looked at for `linger` seconds longer."""
        page = Page(self, camera)
        looks = [(camera, view) for view in views]
        self._count(looks, 1)
        self._pages.append(page)
        page.wake()
        try:
            yield page
        finally:
            self._pages.remove(page)
            asyncio.get_running_loop().call_later(linger, self._count, looks, -1)

    def decisions_since(self, camera: str | None, number: int) -> list[tuple[int, Decision]]:
        """Of a camera, with their numbers."""
        with self._lock:
            channel = self._channels.get(camera or '') if camera is not None else None
            return [each for each in channel.decisions if each[0] > number] if channel else []

    def newest_picture(self, camera: str | None, view: View) -> tuple[int, Picture | None]:
        """With its number."""
        with self._lock:
            channel = self._channels.get(camera or '') if camera is not None else None
            return channel.pictures.get(view, (-1, None)) if channel else (-1, None)

    def _count(self, looks: Collection[Look], step: int) -> None:
        with self._lock:
            for look in looks:
                self._wanted[look] += step
            self._wanted += Counter()  # leaves out what nobody looks at
        self._on_pages()

    def _channel(self, camera: str) -> Channel:
        return self._channels.setdefault(camera, Channel())

    def _wake(self, camera: str) -> None:
        for page in list(self._pages):
            if page.camera == camera:
                page.wake()
