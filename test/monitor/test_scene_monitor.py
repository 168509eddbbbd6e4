# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One decision about one image: its score, its camera's faults, and errors in its place."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from uncd_ros.errors import ImageError, TruncatedImageError
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.monitor.scene_monitor import Decision, SceneMonitor, silence_reason

RULE = OodRule(calibration_scores=tuple(i / 100 for i in range(1, 100)), effective_n=99, false_alarm_rate=0.1)
AT_ONCE = AlarmParams(false_alarm_rate=0.1, window=1, required=1, release=0, hold=0.0)
"""Threshold 0.9; every image decides alone."""


def picture(seed: int = 0) -> NDArray[np.uint8]:
    """(48, 64, 3) noise, in which a camera has no fault."""
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3), np.uint8)


def decided(
    image: NDArray[np.uint8] | Exception, score: float = 0.5, *, stated_size: tuple[int, int] | None = None
) -> Decision:
    return SceneMonitor(RULE, AT_ONCE).update(image, score, stamp=0.0, arrival=0.0, stated_size=stated_size)


def test_a_nominal_image() -> None:
    decision = decided(picture())
    assert (decision.is_ood, decision.score, decision.threshold) == (False, 0.5, 0.9)
    assert (decision.fault, decision.alarms) == ('', 0)


def test_an_anomalous_image() -> None:
    decision = decided(picture(), 0.95)
    assert (decision.is_ood, decision.fault, decision.alarms) == (True, '', 1)


def test_a_faulty_camera_raises_the_flag_whatever_the_score() -> None:
    decision = decided(np.zeros((48, 64, 3), np.uint8), 0.1)
    assert (decision.is_ood, decision.score) == (True, 0.1)
    assert decision.fault.startswith('black: ') and decision.fault in decision.reason


@pytest.mark.parametrize(
    ('error', 'kind'),
    [
        (TruncatedImageError('7 bytes'), 'truncated: 7 bytes'),
        (ImageError('no such encoding'), 'unreadable: no such encoding'),
        (RuntimeError('CUDA error'), 'inference failed: RuntimeError: CUDA error'),
    ],
)
def test_an_error_in_place_of_an_image_raises_the_flag_and_is_named(error: Exception, kind: str) -> None:
    decision = decided(error, math.nan)
    assert (decision.is_ood, decision.fault) == (True, kind)
    assert math.isnan(decision.score)


def test_the_stated_size_is_compared() -> None:
    assert decided(picture(), stated_size=(480, 640)).fault == ''
    assert decided(picture(), stated_size=(480, 480)).fault.startswith('wrong size: 64x48')


def test_a_stalled_model_raises_the_flag_at_once_and_counts_one_alarm() -> None:
    monitor = SceneMonitor(RULE, AlarmParams(false_alarm_rate=0.1, window=3, required=2, release=0, hold=0.0))
    monitor.update(picture(), 0.5, stamp=0.0, arrival=0.0)
    stalled = [monitor.without_image('inference has not returned for 9 s') for _ in range(2)]
    assert {(each.is_ood, each.alarms, each.fault) for each in stalled} == {
        (True, 1, 'inference has not returned for 9 s')
    }
    assert math.isnan(stalled[0].score)
    states = [monitor.update(picture(i), 0.5, stamp=float(i), arrival=0.0) for i in range(1, 4)]
    assert [state.is_ood for state in states] == [True, True, False]


def test_a_failed_inference_raises_the_flag_at_once() -> None:
    monitor = SceneMonitor(RULE, AlarmParams(false_alarm_rate=0.1, window=5, required=3, release=0, hold=0.0))
    failed, again = (monitor.update(RuntimeError('CUDA error'), math.nan, stamp=i, arrival=i) for i in (0.0, 1.0))
    assert (failed.is_ood, failed.alarms, again.is_ood, again.alarms) == (True, 1, True, 1)
    unreadable = SceneMonitor(RULE, AlarmParams(window=5, required=3)).update(
        ImageError('no such encoding'), math.nan, stamp=0.0, arrival=0.0
    )
    assert not unreadable.is_ood


def test_the_image_after_a_silence_tells_of_it() -> None:
    monitor = SceneMonitor(RULE, AT_ONCE)
    monitor.without_image(silence_reason(7.25))
    first, second = (monitor.update(picture(i), 0.5, stamp=float(i), arrival=0.0) for i in range(2))
    assert (first.fault, second.fault) == ('silent: no image for 7.2 s', '')
    assert first.fault in first.reason and (first.score, first.alarms, second.alarms) == (0.5, 1, 1)


def test_an_unwatched_camera_is_no_alarm() -> None:
    monitor = SceneMonitor(RULE, AT_ONCE)
    unwatched = monitor.unwatched('no image has come yet')
    assert (unwatched.is_ood, unwatched.alarms, unwatched.fault) == (True, 0, 'no image has come yet')
    assert not monitor.update(picture(), 0.5, stamp=0.0, arrival=0.0).is_ood


def test_reconfigure_keeps_the_flag_and_the_count() -> None:
    monitor = SceneMonitor(RULE, AT_ONCE)
    monitor.update(picture(), 0.95, stamp=0.0, arrival=0.0)
    other = OodRule(calibration_scores=(2.0, 3.0, 4.0), effective_n=3, false_alarm_rate=0.5)
    monitor.reconfigure(other, AlarmParams(window=2, required=2, release=0, hold=0.0))
    first, second = (monitor.update(picture(i), 1.0, stamp=float(i), arrival=0.0) for i in (1, 2))
    assert (first.is_ood, second.is_ood) == (True, False)
    assert first.alarms == second.alarms == 1
