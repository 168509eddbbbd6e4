# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The conformal threshold and the decision over time."""

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
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ConfigError, match='expected a number between 0 and 1'):
        _rule(9).threshold(rate)


def monitor(**timing: float) -> OodAlarm:
    """One whose threshold is 90."""
    return OodAlarm(_rule(99), AlarmParams(false_alarm_rate=0.1, **({'hold': 0.0} | timing)))  # type: ignore[arg-type]


def flags(of: OodAlarm, scores: str, *, start: float = 0.0, step: float = 0.1) -> str:
    """Flag by flag for a drive in which x is a strange image and . a familiar one: ^ is up, _ is down."""
    decisions = (of.update(99.0 if each == 'x' else 1.0, start + i * step) for i, each in enumerate(scores))
    return ''.join('^' if each.is_ood else '_' for each in decisions)


@pytest.mark.parametrize(
    ('timing', 'scores', 'expected'),
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
def test_flag_follows_the_scores(timing: dict[str, float], scores: str, expected: str) -> None:
    assert flags(monitor(**timing), scores) == expected


def test_alarms_are_counted_as_they_rise() -> None:
    watch = monitor(window=1, required=1, release=0)
    flags(watch, 'xx..x.xxx')
    assert watch.alarms == 3


def test_hold_outlasts_a_clock_that_jumps() -> None:
    held = {'window': 1, 'required': 1, 'release': 0, 'hold': 0.25}
    for jump in (-1e9, 1e9, 3600.0):
        watch = monitor(**held)
        assert flags(watch, '.x.') == '_^^'
        # The jump itself counts as no time: 0.1 s held before it, the rest after it.
        assert flags(watch, '....', start=jump) == '^^__'


def test_a_stamp_that_stands_still_never_divides_by_zero() -> None:
    decision = [monitor().update(1.0, 7.0) for _ in range(3)][-1]
    assert math.isnan(decision.false_alarms_per_hour)


def test_rate_of_false_alarms_is_told_an_hour_at_the_cameras_rate() -> None:
    watch = monitor()
    decision = [watch.update(1.0, i * 0.05) for i in range(10)][-1]
    # 20 images a second, a tenth of them strange, two new ones a rise.
    assert decision.false_alarms_per_hour == pytest.approx(0.1 * 20 * 3600 / (3 - 1))


def test_alarms_an_hour_set_the_threshold_at_the_cameras_rate() -> None:
    watch = OodAlarm(_rule(99), AlarmParams(false_alarms_per_hour=1800.0))
    first, *_, last = (watch.update(1.0, i * 0.05) for i in range(10))
    assert (first.false_alarm_rate, first.threshold) == (0.01, 99.0)  # no rate of the camera is known yet
    # 1800 an hour are 3600 strange of 72000 images.
    assert last.false_alarm_rate == pytest.approx(0.05)
    assert (last.threshold, last.guaranteed) == (95.0, True)
    assert last.false_alarms_per_hour == pytest.approx(1800.0)


def test_fewer_alarms_an_hour_than_calibration_can_promise_are_not_promised() -> None:
    watch = OodAlarm(_rule(99), AlarmParams(false_alarms_per_hour=1.0))
    decision = [watch.update(1.0, i * 0.05) for i in range(2)][-1]
    assert (decision.threshold, decision.guaranteed) == (99.0, False)


@pytest.mark.parametrize(('window', 'required', 'release'), [(5, 3, 1), (5, 3, 2), (3, 2, 0), (1, 1, 0)])
def test_the_flag_never_rises_oftener_than_the_bound(window: int, required: int, release: int) -> None:
    timing = AlarmParams(false_alarm_rate=0.1, window=window, required=required, release=release, hold=0.0)
    watch = OodAlarm(_rule(99), timing)
    strange = np.random.default_rng(0).random(20_000) < 0.3
    for i, each in enumerate(strange):
        watch.update(99.0 if each else 1.0, i * 0.05)
    assert 0 < watch.alarms <= strange.sum() / (required - release)


def test_a_faulty_camera_raises_the_flag_and_is_named() -> None:
    watch = monitor(window=2, required=2, release=0)
    first, second = (watch.update(1.0, float(i), fault='the image is black') for i in range(2))
    assert (first.is_ood, second.is_ood) == (False, True)
    assert second.reason == 'camera fault: the image is black; 2 of the last 2 images strange, flag is lowered at 0'
    assert second.score == 1.0


def test_new_timing_and_rule_judge_the_images_of_late_anew() -> None:
    watch = monitor()
    assert flags(watch, 'xx') == '__'
    watch.reconfigure(_rule(99), AlarmParams(false_alarm_rate=0.1, window=4, required=2, release=0, hold=0.0))
    assert flags(watch, '..') == '^^'
    watch.reconfigure(OodRule(calibration_scores=(100.0,), effective_n=1, false_alarm_rate=0.5), AlarmParams(hold=0.0))
    decision = watch.update(99.0, 1.0)
    assert (decision.is_ood, decision.threshold) == (False, 100.0)


def test_a_score_on_the_threshold_is_not_strange_and_nan_is() -> None:
    watch = monitor(window=1, required=1, release=0)
    assert not watch.update(90.0, 0.0).is_ood
    assert watch.update(math.nan, 1.0).is_ood


@pytest.mark.parametrize(
    ('timing', 'complaint'),
    [
        ({'required': 6}, 'ood.required is 6, expected 1 to ood.window = 5'),
        ({'release': 3}, 'ood.release is 3, expected 0 to ood.required - 1 = 2'),
        ({'release': -1}, 'ood.release is -1, expected 0 to'),
        ({'hold': math.nan}, 'ood.hold is nan, expected 0 or more seconds'),
        ({'false_alarms_per_hour': -1.0}, 'ood.false_alarms_per_hour is -1.0, expected 0 or more'),
    ],
)
def test_numbers_that_do_not_fit_are_refused(timing: dict[str, float], complaint: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(complaint)):
        AlarmParams(**timing)  # type: ignore[arg-type]
