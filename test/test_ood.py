# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The conformal threshold and the decision over time."""

import math

import numpy as np
import pytest

from uncd_ros.errors import ConfigError
from uncd_ros.ood import OodMonitor, OodRule


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


def test_flag_rises_with_the_third_of_five_and_falls_when_they_are_gone() -> None:
    monitor = OodMonitor(1.0, window=5, required=3)
    scores = [0, 2, 0, 2, 0, 2, 2, 0, 0, 0, 0]
    flags = [monitor.update(float(score)).is_ood for score in scores]
    assert flags == [False, False, False, False, False, True, True, True, False, False, False]


def test_a_score_on_the_threshold_is_not_strange_and_nan_is() -> None:
    monitor = OodMonitor(1.0, window=1, required=1)
    assert not monitor.update(1.0).is_ood
    assert monitor.update(math.nan).is_ood


def test_more_required_than_seen_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'expected 1 to ood.window = 5'):
        OodMonitor(1.0, window=5, required=6)
