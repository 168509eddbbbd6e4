# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between a camera that never waits and a network that takes its time: newest item only."""

import threading
from typing import Generic, TypeVar

T = TypeVar('T')


class Mailbox(Generic[T]):
    """Holds one item; a newer one takes its place. `put` never blocks, `get` waits.

    An old camera image is worse than none: a robot would act on where things were.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> bool:
        """Leave an item; False if one was lost by that: the unread one, or this one if the box is closed."""
        with self._changed:
            if self._closed:
                return False
            lossless = self._item is None
            self._item = item
            self._changed.notify()
            return lossless

    def get(self) -> T | None:
        """Wait for an item and take it; None once the box is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None)
            item, self._item = self._item, None
            return item

    def close(self) -> bool:
        """Let the reader go; False if an unread item was lost by that."""
        with self._changed:
            self._closed = True
            lossless, self._item = self._item is None, None
            self._changed.notify_all()
            return lossless
