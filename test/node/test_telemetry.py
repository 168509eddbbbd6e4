# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Counts, rates and percentiles with known answers."""

import math

import pytest

from uncd_ros import stopwatch
from uncd_ros.node.telemetry import RECENT, Telemetry, percentiles_ms


def test_counts_rate_and_silence() -> None:
    telemetry = Telemetry(now=100.0)
    for i in range(6):
        telemetry.arrived(100.5 + i)
    for _ in range(3):
        telemetry.finished(0.020, {})
    telemetry.dropped()
    telemetry.dropped()
    telemetry.failed()
    counts = telemetry.snapshot(now=106.0)
    assert (counts.received, counts.processed, counts.dropped, counts.faults) == (6, 3, 2, 1)
    assert counts.unfinished == 0
    assert counts.fps == pytest.approx(3 / 6)
    assert counts.fps_in == pytest.approx(6 / 6)
    assert counts.silence == pytest.approx(0.5)
    assert counts.latency_ms == pytest.approx((20.0, 20.0, 20.0))
    telemetry.finished(0.020, {})
    assert telemetry.snapshot(now=108.0).fps == pytest.approx(1 / 2)


def test_share_of_lost_images_is_that_of_the_last_ten_seconds() -> None:
    telemetry = Telemetry(now=0.0)
    shares = []
    for second in range(1, 31):  # ten images a second; of those from 5 to 9, each second one is lost on the way
        is_lossy = 5 <= second < 10
        for _ in range(5 if is_lossy else 10):
            telemetry.arrived(second)
        telemetry.lost(5 if is_lossy else 0)
        shares.append(telemetry.snapshot(now=second).lost_share)
    assert shares[3] == 0.0
    assert shares[4] == pytest.approx(5 / 50)  # since the start
    assert shares[8] == pytest.approx(25 / 90)
    assert shares[11] == pytest.approx(25 / 100)
    assert shares[17] == pytest.approx(5 / 100)
    assert shares[18:] == [0.0] * 12
    counts = telemetry.snapshot(now=31.0)
    assert (counts.received, counts.lost, counts.unfinished) == (275, 25, 275)


def test_all_images_lost_on_the_way() -> None:
    telemetry = Telemetry(now=0.0)
    telemetry.lost(7)
    counts = telemetry.snapshot(now=6.0)
    assert (counts.received, counts.lost, counts.lost_share, counts.silence) == (0, 7, 1.0, 6.0)


def test_before_the_first_image() -> None:
    counts = Telemetry(now=5.0).snapshot(now=9.0)
    assert counts.silence == pytest.approx(4.0)
    assert counts.fps == 0.0
    assert all(math.isnan(value) for value in counts.latency_ms)


def test_percentiles() -> None:
    assert percentiles_ms([i / 1000 for i in range(101)]) == pytest.approx((50.0, 95.0, 99.0))


def test_latency_is_that_of_the_latest_images() -> None:
    telemetry = Telemetry(now=0.0)
    telemetry.finished(100.0, {})
    for _ in range(RECENT):
        telemetry.finished(0.001, {})
    assert telemetry.snapshot(now=1.0).latency_ms == pytest.approx((1.0, 1.0, 1.0))


def test_stages_keep_their_order() -> None:
    telemetry = Telemetry(now=0.0)
    for i in range(101):
        telemetry.finished(1.0, {'convert': i / 1000, 'forward': 0.002})
    stages = telemetry.snapshot(now=1.0).stage_ms
    assert list(stages) == ['convert', 'forward']
    assert stages['convert'] == pytest.approx((50.0, 95.0, 99.0))
    assert stages['forward'] == pytest.approx((2.0, 2.0, 2.0))


def test_stopwatch_gives_each_stage_its_time_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((10.0, 11.0, 13.0, 17.0))
    monkeypatch.setattr(stopwatch.time, 'perf_counter', lambda: next(times))
    watch = stopwatch.Stopwatch()
    for stage in ('upload', 'forward', 'upload'):
        watch.lap(stage)
    assert list(watch.seconds.items()) == [('upload', 5.0), ('forward', 2.0)]
