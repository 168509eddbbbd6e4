# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between cameras that never wait and a network that takes its time: the newest of each camera only."""

import threading
from typing import Generic, TypeVar

T = TypeVar('T')


class Mailbox(Generic[T]):
    """Holds one item a sender; a newer one takes its place. `put` never blocks, `get` waits.

    An old camera image is worse than none: a robot would act on where things were. The reader takes
    what all senders left at once, so that none of them can crowd out another.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._items: dict[str, T] = {}
        self._closed = False

    def put(self, sender: str, item: T) -> bool:
        """Leave an item; False if one was lost by that: the sender's unread one, or this one if the box is closed."""
        with self._changed:
            if self._closed:
                return False
            lossless = sender not in self._items
            self._items[sender] = item
            self._changed.notify()
            return lossless

    def get(self) -> list[T]:
        """Wait for items and take them, the one whose sender came first at the front; empty once the box is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._items))
            return self._take()

    def close(self) -> list[T]:
        """Let the reader go; the unread items, which are lost by that."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            return self._take()

    def _take(self) -> list[T]:
        items, self._items = list(self._items.values()), {}
        return items
