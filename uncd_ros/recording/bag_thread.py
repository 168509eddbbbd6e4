# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One bag being written, by a thread of its own: a slow disk keeps no message waiting."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from uncd_ros.bags.writer import BagWriter
from uncd_ros.errors import BagError
from uncd_ros.recording.bag_folder import BagFolder
from uncd_ros.recording.entry import Entry

CHECK_EVERY = 16_000_000
"""Bytes after which it is looked again whether there is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a recording."""

    bag: Path | None
    """None where nothing is left of it."""
    fault: str
    """What went wrong, in one sentence; empty if nothing did."""


class BagThread:
    """Writes what it is given until it is finished, then calls `on_end`. Whatever happens to the disk ends it alone."""

    def __init__(
        self, folder: BagFolder, name: str, before: Iterable[Entry], capacity: int, on_end: Callable[[Outcome], None]
    ) -> None:
        """`before` are the first messages; so many bytes may wait for the disk after these."""
        self.name = name
        self._folder, self._capacity, self._on_end = folder, capacity, on_end
        self._queue: SimpleQueue[Entry | None] = SimpleQueue()
        self._waiting = 0
        """Bytes in the queue."""
        self._counting = threading.Lock()
        self._fault = ''
        self._ended = False
        """Whether nothing more is taken."""
        for entry in before:
            self._queue.put(entry)
            self._waiting += len(entry.data)
        self._capacity += self._waiting
        self._thread = threading.Thread(target=self._run, name='bag')
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Write this, too."""
        with self._counting:
            if self._ended:
                return
            self._waiting += len(entry.data)
            if self._waiting > self._capacity:
                self._fault = f'{self.name}: the disk is too slow, the bag ends early'
                self._ended = True
        self._queue.put(None if self._ended else entry)

    def finish(self) -> None:
        """Nothing more will come."""
        self._queue.put(None)

    @property
    def is_alive(self) -> bool:
        """Whether it still writes."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until it is written."""
        self._thread.join()

    def _run(self) -> None:
        bag = None
        try:
            if lack := self._folder.lack_of_room(0):
                raise BagError(lack)
            with BagWriter(self._folder.unfinished(self.name)) as writer:
                self._write(writer)
            bag = self._folder.publish(self.name)
        except BagError as error:
            self._fault = str(error)
        except Exception as error:  # the thread must not end unseen
            self._fault = f'{self.name}: {type(error).__name__}: {error}'
        with self._counting:
            self._ended = True
        self._on_end(Outcome(bag=bag, fault=self._fault))

    def _write(self, writer: BagWriter) -> None:
        """Until the end, or until there is no more room: what was written by then is kept."""
        written, next_check = 0, CHECK_EVERY
        while (entry := self._queue.get()) is not None:
            writer.write(entry.topic, entry.kind, entry.received, entry.data)
            with self._counting:
                self._waiting -= len(entry.data)
            written += len(entry.data)
            if written >= next_check:
                next_check += CHECK_EVERY
                if lack := self._folder.lack_of_room(written):
                    self._fault = f'{lack}: {self.name} ends early'
                    return
