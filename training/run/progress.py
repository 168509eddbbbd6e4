# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a person sees while a network trains: a bar in a terminal, a line an epoch everywhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
"""A log has no width of its own: wide enough for the tables of a report."""


class EpochProgress:
    """Counts steps of one training; the loss is read from the device once an epoch, not at every step."""

    def __init__(self, name: str, epochs: int, steps: int, batch_size: int, done: int) -> None:
        self.name, self.epochs, self.steps, self.batch_size, self.first = name, epochs, steps, batch_size, done
        self.bar = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn('steps, {task.fields[rate]:.1f} images/s, left'),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.task = self.bar.add_task(name, total=epochs * steps, completed=done * steps, rate=0.0)
        self.losses: list[Tensor] = []
        self.start = self.epoch_start = time.monotonic()
        self.waited = 0.0
        """Seconds of this epoch in which the network had no data."""

    def __enter__(self) -> 'EpochProgress':
        if 0 < self.first < self.epochs:
            console.print(f'{self.name}: resumed after epoch {self.first} of {self.epochs}')
        elif self.first == self.epochs:
            console.print(f'{self.name}: already trained, {self.epochs} epochs')
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the next batch is not there."""
        start = time.monotonic()
        yield
        self.waited += time.monotonic() - start

    def step(self, loss: Tensor) -> None:
        """One optimiser step is done."""
        self.losses.append(loss.detach())
        self.bar.update(self.task, advance=1, rate=self._rate(time.monotonic()))

    def epoch(self, number: int) -> None:
        """Epoch `number` (from 1) is done."""
        now = time.monotonic()
        loss = float(sum(self.losses)) / len(self.losses)
        rate = self._rate(now)
        left = (now - self.start) / (number - self.first) * (self.epochs - number)
        console.print(
            f'{self.name}: epoch {number}/{self.epochs}, loss {loss:.4f}, {rate:.1f} images/s, '
            f'{self.waited / (now - self.epoch_start):.0%} waiting for data, {timedelta(seconds=round(left))} left'
        )
        self.losses.clear()
        self.waited = 0.0
        self.epoch_start = now

    def _rate(self, now: float) -> float:
        """Images per second since this epoch began."""
        return len(self.losses) * self.batch_size / (now - self.epoch_start)
