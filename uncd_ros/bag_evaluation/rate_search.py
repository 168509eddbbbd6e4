# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The highest rate at which hardly an image is dropped, by bisection as in ros2_benchmark, and its report."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from uncd_ros.evaluation.markdown import render, table
from uncd_ros.evaluation.report import without_nan

DROPS = 0.05
"""Share of images that may be dropped."""
LOWEST, HIGHEST = 0.1, 400.0
"""Images per second that are tried."""
WIDTH = 1.1
"""Ratio of the bounds at which the search ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """The node on images that came at one rate."""

    wanted_rate: float
    rate: float
    """Images per second: asked for, and at which they came; the player may not keep up itself."""
    sent: int
    answered: int
    node_dropped: int
    """Given up by the node for a newer one."""
    lost: int
    """Never seen by the node: lost on the way."""
    faults: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    """From an image's sending to its mask's arrival, both in other processes than the node."""
    jitter_ms: float
    """Mean difference between that time of one image and of the next that was answered."""

    @property
    def drops(self) -> float:
        """Share of the images without a mask."""
        return 1.0 - self.answered / self.sent if self.sent else 1.0


def highest_rate(probe: Callable[[float], LiveRun], first: float) -> tuple[LiveRun | None, list[LiveRun]]:
    """The fastest run with at most DROPS dropped, and all runs; `first` is the rate at which to begin."""
    runs: list[LiveRun] = []
    low, high = 0.0, HIGHEST * WIDTH
    rate = min(max(first, LOWEST), HIGHEST)
    while True:
        runs.append(probe(rate))
        if runs[-1].drops <= DROPS:
            low = rate
        else:
            high = rate
        if low >= HIGHEST or high <= LOWEST or (low and high / low <= WIDTH):
            break
        rate = min(2 * low, HIGHEST) if high > HIGHEST else (low * high) ** 0.5 if low else max(high / 2, LOWEST)
    kept = [run for run in runs if run.drops <= DROPS]
    return max(kept, key=lambda run: run.rate, default=None), runs


def as_json(asked: LiveRun, best: LiveRun | None, runs: Sequence[LiveRun], device: str) -> dict[str, Any]:
    """live.json."""
    content = {
        'device': device,
        'asked': _block(asked),
        'highest_rate': best.rate if best else None,
        'highest': _block(best) if best else None,
        'runs': [_block(run) for run in runs],
    }
    clean: dict[str, Any] = without_nan(content)
    return clean


def markdown(asked: LiveRun, best: LiveRun | None, runs: Sequence[LiveRun], device: str) -> str:
    """live.md."""
    header = ('fps', 'sent', 'answered', 'dropped', 'by the node', 'on the way', 'p50', 'p95', 'p99', 'jitter')
    rows = [
        (
            f'{run.rate:.1f}',
            *(str(count) for count in (run.sent, run.answered)),
            f'{run.drops:.1%}',
            *(str(count) for count in (run.node_dropped, run.lost)),
            *(f'{value:.1f} ms' for value in (run.p50_ms, run.p95_ms, run.p99_ms, run.jitter_ms)),
        )
        for run in (asked, *runs)
    ]
    return render(
        'uncd_ros.bag_evaluation',
        'live.md.j2',
        asked=asked,
        best=best,
        device=device,
        drops_max=DROPS,
        lowest=LOWEST,
        runs=table(header, rows),
    )


def _block(run: LiveRun) -> dict[str, Any]:
    return {**asdict(run), 'drops': run.drops}
