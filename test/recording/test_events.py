# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When a recording begins and ends."""

import pytest

from uncd_ros.errors import ConfigError
from uncd_ros.recording.events import AlarmCount, EventTimes, EventWindow

SECOND = 10**9
TIMES = EventTimes(before=2.0, after=3.0, longest=8.0)


def test_ends_some_seconds_after_the_latest_event():
    window = EventWindow(TIMES)
    window.begin(10 * SECOND)
    assert not window.is_over(13 * SECOND)
    assert window.is_over(13 * SECOND + 1)
    window.extend(12 * SECOND)
    assert not window.is_over(15 * SECOND)
    assert window.is_over(15 * SECOND + 1)


def test_is_extended_up_to_the_longest():
    window = EventWindow(TIMES)
    window.begin(0)
    for second in range(1, 8):
        window.extend(second * SECOND)
    assert not window.is_over(8 * SECOND)
    assert window.is_over(8 * SECOND + 1)


@pytest.mark.parametrize('times', [{'before': -1.0}, {'after': float('nan')}, {'longest': 2.0}])
def test_times_that_cannot_be_are_refused(times):
    with pytest.raises(ConfigError, match=next(iter(times))):
        EventTimes(**{'before': 2.0, 'after': 3.0, 'longest': 8.0} | times)


@pytest.mark.parametrize(
    ('counts', 'rises'),
    [
        ((0, 0, 1, 1, 1, 2), (False, False, True, False, False, True)),
        ((3, 3, 4), (False, False, True)),  # the recorder was started after the node
        ((0, 3), (False, True)),  # messages were lost
        ((5, 0, 1), (False, False, True)),  # the node was started again
    ],
)
def test_alarms_are_told_by_their_count(counts, rises):
    count = AlarmCount()
    assert tuple(count.rises(each) for each in counts) == rises
