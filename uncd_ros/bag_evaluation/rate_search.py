# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The highest rate at which hardly an image is dropped, by bisection as in ros2_benchmark."""

from collections.abc import Callable

from uncd_ros.bag_evaluation.live_result import DROPS, LiveRun

LOWEST, HIGHEST = 0.1, 400.0
"""Images per second that are tried."""
WIDTH = 1.1
"""Ratio of the bounds at which the search ends."""


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
