# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far it is: a bar with frames a second and the time that is left, or a line where there is no terminal."""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar('T')
LINE_EVERY = 30.0
"""Seconds between two lines where there is no terminal."""


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text('' if speed is None else f'{speed:.1f} frames/s, left')


def shown_progress(name: str, items: Iterable[T], count: int | None, console: Console) -> Iterator[T]:
    """The items, counted while they go by; `count` is how many there will be, if that is known."""
    if not console.is_terminal:
        yield from _told_progress(name, items, count, console)
        return
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), _Speed(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(items, count, description=name)


def _told_progress(name: str, items: Iterable[T], count: int | None, console: Console) -> Iterator[T]:
    """As lines: a log grows by a few of them."""
    console.print(f'{name}: {"?" if count is None else count} frames')
    start = told = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - told >= LINE_EVERY and done != count:
            speed, told = done / (now - start), now
            left = '' if count is None else f', {timedelta(seconds=round((count - done) / speed))} left'
            console.print(f'{name}: {done} of {"?" if count is None else count} frames, {speed:.1f} frames/s{left}')
