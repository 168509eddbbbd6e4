# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading beside computing: a thread that is a few items ahead, and no more, so that memory stays what it is."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

T = TypeVar('T')
AHEAD = 4
"""Items that may wait."""


class _End:
    """The last thing in the queue, with the error that ended the items early, if any did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def prefetch(items: Iterable[T], ahead: int = AHEAD) -> Generator[T, None, None]:
    """The same items in the same order, and the same error; whoever stops early stops the thread, too."""
    waiting: queue.Queue[T | _End] = queue.Queue(ahead)
    stop = threading.Event()

    def read() -> None:
        end = _End()
        try:
            for item in items:
                if not _put(waiting, item, stop):
                    return
        except BaseException as error:
            end = _End(error)
        finally:
            if isinstance(items, Generator):  # in this thread, which may be in the middle of it
                items.close()
        _put(waiting, end, stop)

    thread = threading.Thread(target=read, name='reader', daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        thread.join()


def _put(waiting: 'queue.Queue[T | _End]', item: T | _End, stop: threading.Event) -> bool:
    """Whether somebody still wants it."""
    while not stop.is_set():
        try:
            waiting.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
