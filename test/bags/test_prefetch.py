# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading ahead: the same items, the same error, never many in memory, no thread left behind."""

import threading
import time
from collections.abc import Iterator

import pytest

from uncd_ros.bags.prefetch import prefetch


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == 'reader']


def test_the_same_items_in_the_same_order() -> None:
    assert list(prefetch(range(100))) == list(range(100))
    assert list(prefetch([])) == []
    assert readers() == []


def test_only_a_few_are_read_ahead() -> None:
    begun: list[int] = []
    ahead = prefetch((begun.append(i) for i in range(100)), ahead=3)
    next(ahead)
    time.sleep(0.1)
    assert len(begun) <= 1 + 3 + 1, 'one taken, three waiting, one in hand'
    ahead.close()
    assert readers() == []


def test_who_stops_stops_all_that_read_for_it() -> None:
    ahead = prefetch(number + 1 for number in prefetch(range(100)))
    assert next(ahead) == 1
    ahead.close()
    assert readers() == []


def test_an_error_comes_where_it_happened() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError('broken')

    ahead = prefetch(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match='broken'):
        next(ahead)
    assert readers() == []
