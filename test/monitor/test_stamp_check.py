# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps that tell when an image was taken, and those that do not."""

import pytest

from uncd_ros.monitor.stamp_check import AHEAD, BACK_SECONDS, OLDEST, STILL_IMAGES, STILL_SECONDS, StampCheck

NOW = 1_795_529_404.0


@pytest.mark.parametrize('age', [0.0, 0.02, 1.0, OLDEST, -AHEAD / 2])
def test_a_stamp_of_this_clock_is_well(age: float) -> None:
    assert StampCheck().check(NOW - age, NOW, 5.0) == ''


@pytest.mark.parametrize(
    ('stamp', 'clock', 'facts'),
    [
        (0.0, NOW, ('stamps are 0', 'expected the time at which each image was taken')),
        (100.0, NOW, (f'{NOW - 100.0:.0f} s behind', f'expected {OLDEST:.0f} s', 'use_sim_time')),
        (NOW - OLDEST - 1.0, NOW, ('11 s behind',)),
        (NOW + 3.2, NOW, ('3.2 s ahead', f'expected {AHEAD:g} s')),
        (NOW, 40.0, ('ahead',)),
        (NOW, 0.0, ('clock is 0', 'use_sim_time', '/clock')),
        (-1000.0, NOW, ('behind',)),
    ],
)
def test_a_stamp_of_another_clock_is_named(stamp: float, clock: float, facts: tuple[str, ...]) -> None:
    fault = StampCheck().check(stamp, clock, 5.0)
    assert all(fact in fault for fact in facts), fault


def test_stamps_that_stand_still_are_named_and_forgotten_once_they_go_on() -> None:
    check, step = StampCheck(), STILL_SECONDS / (STILL_IMAGES - 1)
    faults = [check.check(NOW, NOW + i * step, i * step) for i in range(STILL_IMAGES)]
    assert faults[:-1] == [''] * (STILL_IMAGES - 1)
    assert 'stand still' in faults[-1] and f'for {STILL_IMAGES} images' in faults[-1]
    assert check.check(NOW + 5.0, NOW + 5.0, 5.0) == ''


def test_an_image_that_is_sent_again_at_once_does_not_stand_still() -> None:
    check = StampCheck()
    assert {check.check(NOW, NOW, i * 1e-3) for i in range(20)} == {''}


def test_simulated_time_that_passes_is_well() -> None:
    check = StampCheck()
    assert [check.check(3.0 + i, 3.01 + i, 50.0 + i) for i in range(5)] == [''] * 5


def test_a_step_back_is_named_and_forgotten_after_a_while() -> None:
    check = StampCheck()
    assert check.check(NOW, NOW, 0.0) == ''
    assert 'went back by 0.250 s' in check.check(NOW - 0.25, NOW, 0.1)
    assert 'went back by 0.250 s' in check.check(NOW + 1.0, NOW + 1.0, 1.1)  # now and then is told all the time
    assert check.check(NOW + 9.0, NOW + 9.0, 0.2 + BACK_SECONDS) == ''


def test_stamps_of_another_clock_in_between_are_no_step_back() -> None:
    check = StampCheck()
    assert 'ahead' in check.check(NOW + 3.0, NOW, 0.0)
    assert check.check(NOW, NOW, 0.1) == ''
