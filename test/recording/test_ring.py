# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The last seconds, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from uncd_ros.recording.entry import Entry
from uncd_ros.recording.ring import OVERHEAD, RingBuffer

SECOND = 10**9


def entry(received: int, size: int = 10) -> Entry:
    return Entry(topic='/a', kind='k', received=received, data=bytes(size))


def test_holds_the_last_seconds():
    ring = RingBuffer(span=2 * SECOND, capacity=10**9)
    for second in range(6):
        ring.add(entry(second * SECOND))
    assert [each.received for each in ring.entries()] == [3 * SECOND, 4 * SECOND, 5 * SECOND]
    assert ring.held == 2.0
    assert not ring.is_short


def test_memory_goes_before_span_and_says_so_until_the_span_fits_again():
    ring = RingBuffer(span=10 * SECOND, capacity=3 * (5000 + OVERHEAD))
    for second in range(5):
        ring.add(entry(second * SECOND, 5000))
    assert [each.received for each in ring.entries()] == [2 * SECOND, 3 * SECOND, 4 * SECOND]
    assert ring.is_short
    for second in range(5, 20):
        ring.add(entry(second * SECOND, 0))
    assert not ring.is_short


def test_one_message_above_the_capacity_is_not_kept():
    ring = RingBuffer(span=SECOND, capacity=1000)
    ring.add(entry(0, 2000))
    assert (ring.entries(), ring.size, ring.held) == ((), 0, 0.0)
    assert ring.is_short


@given(st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(0, 3000)), max_size=60))
def test_never_more_than_it_may_and_nothing_out_of_order(steps):
    ring, now = RingBuffer(span=4 * SECOND, capacity=8000), 0
    for pause, size in steps:
        now += pause
        ring.add(entry(now, size))
        held = ring.entries()
        assert ring.size == sum(len(each.data) + OVERHEAD for each in held) <= 8000
        assert [each.received for each in held] == sorted(each.received for each in held)
        assert all(each.received >= now - 4 * SECOND for each in held)
