# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of the last seconds, in bounded memory."""

from collections import deque

from uncd_ros.recording.entry import Entry

OVERHEAD = 500
"""Bytes that a message costs beside its data, as objects of Python; many small ones must not break the limit."""


class RingBuffer:
    """Forgets what is older than its span, and the oldest of all where its memory does not reach that far back."""

    def __init__(self, *, span: int, capacity: int) -> None:
        """`span` is in nanoseconds, `capacity` in bytes."""
        self._span, self._capacity = span, capacity
        self._entries: deque[Entry] = deque()
        self.size = 0
        """Bytes held."""
        self.is_short = False
        """Whether memory, and not age, decided of late what to forget: the span does not fit."""

    def add(self, entry: Entry) -> None:
        """Take the newest message, which is not older than the one before; one above the capacity is not kept."""
        self._entries.append(entry)
        self.size += _cost(entry)
        while self._entries and self._entries[0].received < entry.received - self._span:
            self._forget()
            self.is_short = False
        while self.size > self._capacity:
            self._forget()
            self.is_short = True

    def entries(self) -> tuple[Entry, ...]:
        """All that is held, oldest first."""
        return tuple(self._entries)

    @property
    def held(self) -> float:
        """Seconds from the oldest to the newest."""
        return (self._entries[-1].received - self._entries[0].received) * 1e-9 if self._entries else 0.0

    def _forget(self) -> None:
        self.size -= _cost(self._entries.popleft())


def _cost(entry: Entry) -> int:
    return len(entry.data) + OVERHEAD
