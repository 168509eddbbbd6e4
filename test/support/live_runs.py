# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Live runs of a node whose limit is known."""

from dataclasses import replace

from uncd_ros.bag_evaluation.live_result import FlagComparison, LiveOutcome, LiveRun


def run_at(rate: float, limit: float) -> LiveRun:
    """Of a node that answers so many images a second and drops the rest."""
    answered = round(100 * min(1.0, limit / rate))
    return LiveRun(
        wanted_rate=rate,
        rate=rate,
        sent=100,
        answered=answered,
        node_dropped=100 - answered,
        lost=0,
        faults=0,
        p50_ms=10.0,
        p95_ms=20.0,
        p99_ms=30.0,
        jitter_ms=1.0,
    )


def outcome(asked: float, *, lost: int = 0, equal: int = 10) -> LiveOutcome:
    """Of a node with a limit of 20 images per second that was asked for so many."""
    slow, run = run_at(10.0, 20.0), run_at(asked, 20.0)
    return LiveOutcome(
        subscribed=['/segmentation subscribed to /image_raw'],
        asked=run,
        plain=replace(run, lost=lost),
        best=slow,
        runs=[slow, run],
        flags=FlagComparison(compared=10, equal=equal, largest_difference=0.5),
        device='cpu',
    )
