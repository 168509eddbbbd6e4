# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time of an image stream: by its stamps where they measure it, by arrival where they do not."""

import math

import pytest

from uncd_ros.monitor.clock import LONGEST_STEP, StreamClock


def advanced(*images: tuple[float, float]) -> StreamClock:
    """A clock that has seen images of these (stamp, arrival)."""
    clock = StreamClock()
    for stamp, arrival in images:
        clock.advance(stamp, arrival)
    return clock


def test_before_time_has_passed() -> None:
    for clock in (advanced(), advanced((5.0, 1.0)), advanced((5.0, 1.0), (5.0, 1.0))):
        assert clock.elapsed == 0.0
        assert math.isnan(clock.fps)


@pytest.mark.parametrize(
    ('stamps', 'elapsed'),
    [
        ((5.0, 5.5), 0.5),  # the stamps count, however late the images come
        ((0.0, LONGEST_STEP), LONGEST_STEP),
        ((0.0, LONGEST_STEP + 0.1), 2.0),
        ((5.0, 5.0), 2.0),
        ((5.0, 4.0), 2.0),
        ((5.0, math.nan), 2.0),
    ],
)
def test_a_step_is_the_stamps_or_else_the_arrivals(stamps: tuple[float, float], elapsed: float) -> None:
    assert advanced((stamps[0], 1.0), (stamps[1], 3.0)).elapsed == pytest.approx(elapsed)


def test_an_arrival_that_goes_back_is_no_time() -> None:
    assert advanced((5.0, 3.0), (5.0, 1.0)).elapsed == 0.0


def test_fps_are_those_of_the_last_30_steps() -> None:
    slow = [(float(i), 0.0) for i in range(10)]
    fast = [(9.0 + 0.05 * i, 0.0) for i in range(1, 31)]
    assert advanced(*slow).fps == pytest.approx(1.0)
    assert advanced(*slow, *fast).fps == pytest.approx(20.0)
