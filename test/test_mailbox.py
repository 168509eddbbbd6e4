# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Newest only, nothing lost uncounted, nobody left waiting."""

import threading
import time

from uncd_ros.mailbox import Mailbox


def test_newest_item_wins_and_the_loss_is_told() -> None:
    box: Mailbox[int] = Mailbox()
    assert [box.put(1), box.put(2), box.put(3)] == [True, False, False]
    assert box.get() == 3
    assert box.put(4)


def test_close_tells_of_an_unread_item() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.put(1)
    assert not box.close()
    assert box.get() is None
    assert box.close()


def test_closed_box_takes_nothing() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.close()
    assert not box.put(1)
    assert box.get() is None


def test_close_wakes_a_waiting_reader() -> None:
    box: Mailbox[int] = Mailbox()
    got: list[int | None] = []
    reader = threading.Thread(target=lambda: got.append(box.get()), daemon=True)
    reader.start()
    time.sleep(0.05)
    box.close()
    reader.join(timeout=5.0)
    assert got == [None]


def test_every_item_is_read_or_counted_as_lost() -> None:
    box: Mailbox[int] = Mailbox()
    read: list[int] = []

    def consume() -> None:
        while (item := box.get()) is not None:
            read.append(item)
            time.sleep(0.0001)

    reader = threading.Thread(target=consume, daemon=True)
    reader.start()
    lost = sum(not box.put(i) for i in range(5000))
    lost += not box.close()
    reader.join(timeout=5.0)
    assert len(read) + lost == 5000
    assert read == sorted(read)
