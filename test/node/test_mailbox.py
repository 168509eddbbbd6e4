# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Newest only, nothing lost uncounted, nobody left waiting, nobody crowded out."""

import threading
import time

import pytest

from uncd_ros.monitor.rate_limit import RateLimit
from uncd_ros.node.mailbox import Mailbox


def test_newest_item_wins_and_the_loss_is_told() -> None:
    box: Mailbox[int] = Mailbox()
    assert [box.put('', 1), box.put('', 2), box.put('', 3)] == [True, False, False]
    assert box.get() == [3]
    assert box.put('', 4)


def test_each_sender_has_a_place_of_its_own() -> None:
    box: Mailbox[str] = Mailbox()
    for i in range(100):
        box.put('fast', f'fast {i}')
    assert box.put('slow', 'slow 0')
    assert box.get() == ['fast 99', 'slow 0']


def test_close_gives_back_the_unread() -> None:
    box: Mailbox[int] = Mailbox()
    box.put('left', 1)
    box.put('right', 2)
    assert box.close() == [1, 2]
    assert box.get() == []
    assert box.close() == []


def test_closed_box_takes_nothing() -> None:
    box: Mailbox[int] = Mailbox()
    box.close()
    assert not box.put('', 1)
    assert box.get() == []


def test_close_wakes_a_waiting_reader() -> None:
    box: Mailbox[int] = Mailbox()
    got: list[list[int]] = []
    reader = threading.Thread(target=lambda: got.append(box.get()), daemon=True)
    reader.start()
    time.sleep(0.05)
    box.close()
    reader.join(timeout=5.0)
    assert got == [[]]


def test_every_item_is_read_or_counted_as_lost() -> None:
    box: Mailbox[int] = Mailbox()
    read: list[int] = []

    def consume() -> None:
        while items := box.get():
            read.extend(items)
            time.sleep(0.0001)

    reader = threading.Thread(target=consume, daemon=True)
    reader.start()
    lost = sum(not box.put('', i) for i in range(5000))
    lost += len(box.close())
    reader.join(timeout=5.0)
    assert len(read) + lost == 5000
    assert read == sorted(read)


def admitted(times: list[float], rate: float) -> int:
    limit = RateLimit()
    return sum(limit.admits(now, rate) for now in times)


@pytest.mark.parametrize(('rate', 'expected'), [(0.0, 300), (10.0, 100), (20.0, 200), (30.0, 300), (60.0, 300)])
def test_rate_limit_keeps_its_rate(rate: float, expected: int) -> None:
    ten_seconds = [i / 30 for i in range(300)]
    assert admitted(ten_seconds, rate) == pytest.approx(expected, abs=1)
    jittered = [t + 0.003 * (-1) ** i for i, t in enumerate(ten_seconds)]
    assert admitted(jittered, rate) == pytest.approx(expected, abs=2)


def test_a_pause_is_not_made_up_for() -> None:
    limit = RateLimit()
    assert limit.admits(0.0, 10.0)
    assert [limit.admits(100.0 + 0.02 * i, 10.0) for i in range(5)] == [True, False, False, False, True]


def test_a_new_rate_holds_at_once() -> None:
    limit = RateLimit()
    assert limit.admits(0.0, 0.1)
    assert not limit.admits(1.0, 0.1)
    assert limit.admits(1.1, 0.0)
