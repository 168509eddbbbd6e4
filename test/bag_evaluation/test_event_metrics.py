# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Known events against the flag: delay, missed and false alarms by hand, and files that are none."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.frame_result_double import result
from uncd_ros.bag_evaluation.event_file import Event, read_events
from uncd_ros.bag_evaluation.event_metrics import BATCH, EventReport, EventScore, poisson_interval
from uncd_ros.errors import ConfigError

RAIN = Event(start=10.0, end=20.0, kind='rain')
FOG = Event(start=30.0, end=40.0, kind='fog')


def score(events: list[Event], up: list[tuple[float, float]], fault: tuple[float, float] = (0, 0)) -> EventReport:
    """Of a drive of 60 s at 10 Hz with the flag up in some spans; the image score is 1 in every event, else 0."""
    scored = EventScore(events)
    for i in range(600):
        seconds = i / 10
        is_up = any(start <= seconds < end for start, end in up)
        is_event = any(event.covers(seconds) for event in events)
        fault_text = 'black: dark' if fault[0] <= seconds < fault[1] else ''
        scored.update(result(seconds=seconds, is_ood=is_up, score=float(is_event), fault=fault_text))
    return scored.report()


def test_delay_missed_and_false_alarms_by_hand() -> None:
    found = score([RAIN, FOG], [(11.5, 22.0), (25.0, 26.0), (50.0, 51.0)], fault=(24.9, 25.2))
    rain, fog = found.events
    assert (rain.detected, rain.delay, rain.up_before, rain.frames) == (True, pytest.approx(1.5), False, 100)
    assert rain.flagged == pytest.approx(0.85)
    assert not fog.detected and math.isnan(fog.delay) and fog.flagged == 0.0
    assert (found.detected, found.missed, found.unseen) == (1, 1, 0)
    assert (found.false_alarms, found.false_alarms_of_faults) == (2, 1)
    assert found.nominal_hours == pytest.approx(40 / 3600, rel=0.01)
    assert found.false_alarms_per_hour == pytest.approx(2 / found.nominal_hours)
    assert found.nominal_flagged == pytest.approx((20 + 10 + 10) / 400)
    assert found.image_auroc == 1.0
    assert found.by_kind['rain'].detected == 1 and found.by_kind['fog'].missed == 1


def test_a_flag_that_was_up_before_detects_nothing_and_is_a_false_alarm() -> None:
    found = score([RAIN, FOG], [(9.0, 22.0), (31.0, 32.0)])
    rain = found.events[0]
    assert rain.up_before and not rain.detected and math.isnan(rain.delay) and rain.flagged == 1.0
    assert (found.detected, found.missed, found.up_before, found.false_alarms) == (1, 0, 1, 1)
    assert (found.by_kind['rain'].detected, found.by_kind['rain'].missed, found.by_kind['rain'].up_before) == (0, 0, 1)
    assert found.delay_median == pytest.approx(1.0)


def test_a_flag_that_falls_and_rises_again_detects() -> None:
    (rain,) = score([RAIN], [(9.0, 12.0), (15.0, 16.0)]).events
    assert rain.detected and not rain.up_before and rain.delay == pytest.approx(5.0)


def test_a_flag_that_falls_in_the_event_and_stays_down_misses_it() -> None:
    found = score([RAIN], [(9.0, 11.0)])
    assert not found.events[0].detected and not found.events[0].up_before
    assert (found.detected, found.missed, found.up_before) == (0, 1, 0)


def test_an_event_without_images_counts_nowhere() -> None:
    found = score([Event(start=100.0, end=101.0, kind='late')], [])
    assert (found.detected, found.missed, found.unseen, found.by_kind) == (0, 0, 1, {})
    assert math.isnan(found.delay_median) and found.false_alarms_per_hour == 0.0


def test_the_interval_is_garwoods() -> None:
    assert poisson_interval(0) == (0.0, pytest.approx(-math.log(0.025)))
    low, high = poisson_interval(10)
    assert (low, high) == (pytest.approx(4.795, abs=1e-3), pytest.approx(18.390, abs=1e-3))


def test_memory_does_not_grow_with_the_frames() -> None:
    scored = EventScore([RAIN])
    for i in range(3 * BATCH):
        scored.update(result(seconds=i / 10, is_ood=False, score=i / 1000))
        assert len(scored._scores) < BATCH
    assert scored._ranking.counts.sum() == 3 * BATCH


@pytest.mark.parametrize('suffix', ['csv', 'json'])
def test_both_kinds_of_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f'events.{suffix}'
    rows = [{'start': 10, 'end': 20, 'kind': 'rain'}, {'start': 30.0, 'end': 40.0, 'kind': 'fog'}]
    path.write_text('start,end,kind\n10,20, rain\n30.0,40.0,fog\n' if suffix == 'csv' else json.dumps(rows))
    assert read_events(path) == [RAIN, FOG]


@pytest.mark.parametrize(
    ('name', 'text', 'complaint'),
    [
        ('a.csv', 'start,end,kind\n20,10,rain\n', 'event 1: from 20 to 10 s'),
        ('a.csv', 'start,end,kind\n1,2,rain\n-1,2,rain\n', 'event 2: from -1 to 2 s'),
        ('a.csv', 'start,end,kind\n1,soon,rain\n', "event 1: '1' to 'soon'"),
        ('a.csv', 'from,to\n1,2\n', 'event 1: '),
        ('a.csv', '', 'holds no list of events'),
        ('a.json', '{"start": 1}', 'holds no list of events'),
        ('a.json', '[{"start": 1, "end": 2}]', 'event 1: '),
        ('a.json', '[', 'expected start, end and kind of each event'),
        ('a.json', '[{"start": 1, "end": Infinity, "kind": "x"}]', 'event 1: from 1 to inf s'),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as error:
        read_events(tmp_path / name)
    assert name in str(error.value) and complaint in str(error.value) and '\n' not in str(error.value)


def test_bins_keep_what_came_whatever_its_length() -> None:
    from uncd_ros.bag_evaluation.timeline import BINS, Timeline

    line = Timeline(60.0, 10_000, 2)
    for i in range(10_000):
        line.update(result(seconds=i * 60.0 / 9999, is_ood=i >= 5000, score=float(i % 2)))
    assert line.bins == BINS and line.frames == 10_000 and line.flagged_frames == 5000
    assert line.mean_score() == pytest.approx(0.5)
    np.testing.assert_allclose(line.area.sum(axis=1), 1.0)
    assert line.is_flagged.sum() == pytest.approx(BINS / 2, abs=1)
    assert np.nanmin(line.score_low) == 0.0 and np.nanmax(line.score_high) == 1.0
