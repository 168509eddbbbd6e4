# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""False alarms and their interval, against published values and by hand."""

import numpy as np
import pytest

from uncd_ros.evaluation.false_alarms import clopper_pearson, false_alarms
from uncd_ros.monitor.ood_rule import OodRule


@pytest.mark.parametrize(
    ('alarms', 'n', 'expected'),
    [
        (0, 10, (0.0, 1 - 0.025**0.1)),  # the rule of three, exactly
        (10, 10, (0.025**0.1, 1.0)),
        (4, 20, (0.0573, 0.4366)),
    ],
)
def test_exact_interval(alarms: int, n: int, expected: tuple[float, float]) -> None:
    assert clopper_pearson(alarms, n) == pytest.approx(expected, abs=1e-4)


def test_alarms_are_counted_by_sequence_against_the_rule() -> None:
    rule = OodRule(calibration_scores=tuple(np.linspace(0, 1, 101)), effective_n=101, false_alarm_rate=0.1)
    rng = np.random.default_rng(0)
    low, mixed = rng.random(400) * 0.5, rng.random(100)
    alarms = false_alarms([*low, *mixed], ['low'] * 400 + ['mixed'] * 100, rule)
    share = float((mixed > rule.threshold()).mean())
    assert alarms.images == 500 and alarms.observed == pytest.approx(share / 5)
    assert alarms.by_sequence['low'].observed == 0.0
    assert alarms.by_sequence['mixed'].observed == share
    assert alarms.ci95[0] < alarms.observed < alarms.ci95[1]
    kept = float((np.r_[low, mixed] > alarms.keeping_threshold).mean())
    assert kept == pytest.approx(0.1, abs=0.01)


def test_frames_that_repeat_each_other_widen_the_interval() -> None:
    rule = OodRule(calibration_scores=tuple(np.linspace(0, 1, 101)), effective_n=101, false_alarm_rate=0.1)
    rng = np.random.default_rng(0)
    independent, repeating = rng.random(400), np.repeat(rng.random(20), 20)
    loose = false_alarms(repeating.tolist(), ['a'] * 400, rule)
    tight = false_alarms(independent.tolist(), ['a'] * 400, rule)
    assert loose.effective_n < 60 < tight.effective_n
    assert loose.ci95[1] - loose.ci95[0] > 2 * (tight.ci95[1] - tight.ci95[0])


def test_no_calibration_frame_is_compared_with_a_threshold_that_it_set() -> None:
    # Two sequences of ten frames in five blocks; at 10 % the threshold of 18 others is their largest score.
    rule = OodRule(calibration_scores=tuple(range(20)), effective_n=20, false_alarm_rate=0.1)
    scores, sequences = [*range(10), *range(10, 20)], ['a'] * 10 + ['b'] * 10
    circular, held_out = (false_alarms(scores, sequences, rule, each) for each in (False, True))
    assert not circular.is_held_out and circular.observed == pytest.approx(1 / 20)
    assert held_out.is_held_out and held_out.images == 20
    assert held_out.observed == pytest.approx(2 / 20)  # the block of 18 and 19, above all others
    assert held_out.by_sequence['b'].observed == pytest.approx(2 / 10)
    assert held_out.ci95[0] < held_out.observed < held_out.ci95[1]


def test_exchangeable_frames_keep_the_promise() -> None:
    scores = np.random.default_rng(0).random(2000).tolist()
    rule = OodRule(calibration_scores=tuple(sorted(scores)), effective_n=2000, false_alarm_rate=0.05)
    alarms = false_alarms(scores, ['a'] * 1000 + ['b'] * 1000, rule, is_calibration=True)
    assert alarms.observed == pytest.approx(0.05, abs=0.01)
