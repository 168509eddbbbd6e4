# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The conformal threshold and the decision over time."""

import copy
import math
import re

import numpy as np
import pytest

from uncd_ros.errors import ConfigError
from uncd_ros.monitor.alarm import AlarmParams, OodAlarm
from uncd_ros.monitor.ood_rule import OodRule


def _rule(n: int, effective_n: int | None = None) -> OodRule:
    return OodRule(
        calibration_scores=tuple(float(i) for i in range(1, n + 1)), effective_n=effective_n or n, false_alarm_rate=0.1
    )


def test_threshold_is_the_kth_score() -> None:
    # k = ceil((99 + 1)(1 - 0.1)) = 90
    assert _rule(99).threshold() == 90.0
    assert _rule(99).threshold(0.05) == 95.0


def test_threshold_keeps_its_promise_on_exchangeable_scores() -> None:
    rng = np.random.default_rng(0)
    alarms = []
    for _ in range(2000):
        scores = rng.normal(size=50)
        rule = OodRule(calibration_scores=tuple(sorted(scores[:49])), effective_n=49, false_alarm_rate=0.1)
        alarms.append(scores[49] > rule.threshold())
    assert np.mean(alarms) == pytest.approx(0.1, abs=0.02)


def test_too_few_scores_promise_nothing() -> None:
    assert _rule(9).guaranteed(0.1)
    assert not _rule(8).guaranteed(0.1)
    assert not _rule(99, effective_n=8).guaranteed(0.1)
    assert _rule(8).threshold(0.1) == 8.0


@pytest.mark.parametrize('rate', [0.0, 1.0, -0.1, math.nan])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(ConfigError, match='expected a number between 0 and 1'):
        _rule(9).threshold(rate)


def alarm(**params: float) -> OodAlarm:
    """One whose threshold is 90."""
    return OodAlarm(_rule(99), AlarmParams(false_alarm_rate=0.1, **({'hold': 0.0} | params)))  # type: ignore[arg-type]


def flags(
    of: OodAlarm, scores: str, *, start: float = 0.0, step: float = 0.1, arrival: float = 0.0, arrival_step: float = 0.1
) -> str:
    """Flag by flag for a drive in which x is an anomalous image and . a nominal one: ^ is up, _ is down."""
    states = (
        of.update(99.0 if kind == 'x' else 1.0, stamp=start + i * step, arrival=arrival + i * arrival_step)
        for i, kind in enumerate(scores)
    )
    return ''.join('^' if state.is_ood else '_' for state in states)


@pytest.mark.parametrize(
    ('params', 'scores', 'expected'),
    [
        # Three of five raise it; it falls once one or none of five is left.
        ({}, '.x.x.xx......', '_____^^^^^___'),
        ({'release': 2}, '.x.x.xx......', '_____^^^_____'),
        ({'release': 0}, '.x.x.xx......', '_____^^^^^^__'),
        ({'window': 1, 'required': 1, 'release': 0}, '.x.xx.', '_^_^^_'),
        # A score that goes up and down about the threshold is one alarm, not five.
        ({'window': 3, 'required': 2, 'release': 0}, 'x.x.x.x.x.x...', '__^^^^^^^^^^^_'),
        # Held for half a second from the moment it rose; 0.1 s an image.
        ({'window': 1, 'required': 1, 'release': 0, 'hold': 0.45}, '.x........', '_^^^^^____'),
    ],
)
def test_flag_follows_the_scores(params: dict[str, float], scores: str, expected: str) -> None:
    assert flags(alarm(**params), scores) == expected


def test_alarms_are_counted_as_they_rise() -> None:
    counted = alarm(window=1, required=1, release=0)
    flags(counted, 'xx..x.xx')
    assert counted.update(99.0, stamp=1.0, arrival=1.0).alarms == 3


HELD = {'window': 1, 'required': 1, 'release': 0, 'hold': 0.25}


@pytest.mark.parametrize('jump', [-1e9, 1e9, 3600.0])
def test_hold_outlasts_a_clock_that_jumps(jump: float) -> None:
    held = alarm(**HELD)
    assert flags(held, '.x.') == '_^^'
    # Over the jump the arrival is the measure, 0.1 s, and the stamps again after it.
    assert flags(held, '....', start=jump, arrival=0.3) == '^___'


@pytest.mark.parametrize(
    ('step', 'arrival_step', 'expected'),
    [
        (0.0, 0.1, '_^^^___'),  # a driver that leaves the stamp at 0
        (-0.1, 0.1, '_^^^___'),  # a recording played backwards
        (30.0, 0.1, '_^^^___'),  # stamps in another unit
        (20.0, 20.0, '_^_____'),  # max_rate below 0.1: time passes between two images all the same
    ],
)
def test_hold_elapses_by_arrival_where_the_stamps_tell_no_time(step: float, arrival_step: float, expected: str) -> None:
    assert flags(alarm(**HELD), '.x.....', step=step, arrival_step=arrival_step) == expected


def test_no_time_at_all_never_divides_by_zero() -> None:
    still = alarm()
    state = [still.update(1.0, stamp=7.0, arrival=3.0) for _ in range(3)][-1]
    assert math.isnan(state.false_alarms_per_hour)


def test_false_alarms_per_hour_follow_the_fps() -> None:
    steady = alarm()
    state = [steady.update(1.0, stamp=i * 0.05, arrival=0.0) for i in range(10)][-1]
    # 20 fps, a tenth of the images anomalous, two new ones a rise.
    assert state.false_alarms_per_hour == pytest.approx(0.1 * 20 * 3600 / (3 - 1))


def test_false_alarms_per_hour_set_the_threshold() -> None:
    steady = OodAlarm(_rule(99), AlarmParams(false_alarms_per_hour=1800.0))
    first, *_, last = (steady.update(1.0, stamp=i * 0.05, arrival=0.0) for i in range(10))
    assert (first.false_alarm_rate, first.threshold) == (0.01, 99.0)  # the fps are not known yet
    # 1800 an hour are 3600 anomalous of 72000 images.
    assert last.false_alarm_rate == pytest.approx(0.05)
    assert (last.threshold, last.guaranteed) == (95.0, True)
    assert last.false_alarms_per_hour == pytest.approx(1800.0)


def test_fewer_false_alarms_than_calibration_can_promise_are_not_promised() -> None:
    steady = OodAlarm(_rule(99), AlarmParams(false_alarms_per_hour=1.0))
    state = [steady.update(1.0, stamp=i * 0.05, arrival=0.0) for i in range(2)][-1]
    assert (state.threshold, state.guaranteed) == (99.0, False)


@pytest.mark.parametrize(('window', 'required', 'release'), [(5, 3, 1), (5, 3, 2), (3, 2, 0), (1, 1, 0)])
def test_the_flag_never_rises_oftener_than_the_bound(window: int, required: int, release: int) -> None:
    params = AlarmParams(false_alarm_rate=0.1, window=window, required=required, release=release, hold=0.0)
    bounded = OodAlarm(_rule(99), params)
    anomalous = np.random.default_rng(0).random(20_000) < 0.3
    for i, is_anomalous in enumerate(anomalous):
        state = bounded.update(99.0 if is_anomalous else 1.0, stamp=i * 0.05, arrival=0.0)
    assert 0 < state.alarms <= anomalous.sum() / (required - release)


def test_new_params_decide_about_the_latest_images_anew() -> None:
    changed = alarm()
    assert flags(changed, 'xx') == '__'
    changed.reconfigure(_rule(99), AlarmParams(false_alarm_rate=0.1, window=4, required=2, release=0, hold=0.0))
    assert flags(changed, '..') == '^^'


def test_another_rule_keeps_the_flag_and_the_count_and_forgets_the_scores() -> None:
    switched = alarm(window=3, required=2, release=0)
    assert flags(switched, 'xx') == '_^'
    other = OodRule(calibration_scores=(100.0,), effective_n=1, false_alarm_rate=0.5)
    switched.reconfigure(other, AlarmParams(window=3, required=2, release=0, hold=0.0))
    # Nominal under the new rule; the flag waits until the new model has filled the window.
    states = [switched.update(99.0, stamp=1.0 + i, arrival=0.0) for i in range(3)]
    assert [state.is_ood for state in states] == [True, True, False]
    assert {(state.threshold, state.alarms) for state in states} == {(100.0, 1)}


def test_an_alarm_raised_at_once_is_one_alarm_and_falls_as_any_other() -> None:
    stalled = alarm(window=3, required=2, release=0)
    assert flags(stalled, '..') == '__'
    states = [stalled.raise_now() for _ in range(4)]
    assert {(state.is_ood, state.alarms) for state in states} == {(True, 1)}
    assert flags(stalled, '...', start=1.0) == '^^_'


def test_an_alarm_raised_at_once_knows_its_threshold_before_the_first_image() -> None:
    state = alarm().raise_now()
    assert (state.is_ood, state.threshold) == (True, 90.0)


def test_a_score_on_the_threshold_is_nominal_and_nan_is_anomalous() -> None:
    strict = alarm(window=1, required=1, release=0)
    assert not strict.update(90.0, stamp=0.0, arrival=0.0).is_ood
    assert strict.update(math.nan, stamp=1.0, arrival=1.0).is_ood


def test_the_reason_names_how_many_of_how_many() -> None:
    state = [alarm().update(99.0, stamp=0.0, arrival=0.0)][-1]
    assert '1 of the last 1' in state.reason and 'raised at 3' in state.reason


@pytest.mark.parametrize(
    ('params', 'complaint'),
    [
        ({'required': 6}, 'ood.required is 6, expected 1 to ood.window = 5'),
        ({'release': 3}, 'ood.release is 3, expected 0 to ood.required - 1 = 2'),
        ({'release': -1}, 'ood.release is -1, expected 0 to'),
        ({'hold': math.nan}, 'ood.hold is nan, expected 0 or more seconds'),
        ({'false_alarms_per_hour': -1.0}, 'ood.false_alarms_per_hour is -1.0, expected 0 or more'),
    ],
)
def test_numbers_that_do_not_fit_are_refused(params: dict[str, float], complaint: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(complaint)):
        AlarmParams(**params)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    'params',
    [
        {},
        {'window': 1, 'required': 1, 'release': 0},
        {'window': 1, 'required': 1, 'release': 0, 'hold': 0.25},
        {'window': 6, 'required': 2, 'release': 0, 'hold': 0.5},
        {'window': 6, 'required': 3, 'release': 2},
    ],
)
def test_stays_up_is_whether_a_nominal_image_would_lower_the_flag(params: dict[str, float]) -> None:
    scores = np.random.default_rng(0).choice([1.0, 99.0], 400, p=[0.8, 0.2])
    watched, was_up, falls = alarm(**params), False, 0
    for i, score in enumerate(scores):
        stays = watched.stays_up(stamp=0.1 * i, arrival=0.0)
        with_nominal = copy.deepcopy(watched).update(1.0, stamp=0.1 * i, arrival=0.0).is_ood
        assert stays == (was_up and with_nominal)
        now_up = watched.update(float(score), stamp=0.1 * i, arrival=0.0).is_ood
        falls += was_up and not now_up
        was_up = now_up
    assert falls > 5
