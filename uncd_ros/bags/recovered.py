# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is left of a recording that was cut short: every message that is whole, and the file stays as it is.

A recorder that loses power leaves an MCAP without its index and its end, or an SQLite file with pages missing; either
is refused by those who read the whole. Both hold their messages in the order in which they came.
"""

import io
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from os import SEEK_CUR, SEEK_END, SEEK_SET
from pathlib import Path
from typing import Any

_MAGIC = b'\x89MCAP0\r\n'
_DATA_END = 0x0F
_ENDING = (
    bytes([_DATA_END]) + (4).to_bytes(8, 'little') + bytes(4)  # no checksum
    + b'\x02' + (20).to_bytes(8, 'little') + bytes(20)  # a footer that knows of no index
    + _MAGIC
)  # fmt: skip


class RecoveredMcap:
    """An MCAP file as its reader wants it: whole records up to the cut, then an end. Stands in for its path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.suffix, self.name = path.suffix, path.name
        self._length = _whole_records(path)

    def __str__(self) -> str:
        return str(self.path)

    def exists(self) -> bool:
        """As a path does."""
        return self.path.exists()

    def is_dir(self) -> bool:
        """As a path does."""
        return False

    def open(self, _mode: str = 'rb') -> io.BufferedReader:
        """Read it; nothing is copied."""
        return io.BufferedReader(_Joined(self.path, self._length, _ENDING))


class _Joined(io.RawIOBase):
    """The first bytes of a file, and a tail that is in memory."""

    def __init__(self, path: Path, length: int, tail: bytes) -> None:
        super().__init__()
        self._file, self._length, self._tail = path.open('rb', buffering=0), length, tail
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        starts = {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._length + len(self._tail)}
        self._position = starts[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        view, left = memoryview(buffer), self._length - self._position
        if left > 0:
            self._file.seek(self._position)
            count = self._file.readinto(view[:left]) or 0
        else:
            piece = self._tail[-left : len(view) - left]
            view[: len(piece)] = piece
            count = len(piece)
        self._position += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _whole_records(path: Path) -> int:
    """Bytes up to the end of the last whole record of an MCAP's data."""
    size = path.stat().st_size
    with path.open('rb') as file:
        end = len(file.read(len(_MAGIC)))
        while len(head := file.read(9)) == 9 and head[0] != _DATA_END:
            length = int.from_bytes(head[1:], 'little')
            if end + 9 + length > size:
                break
            end = file.seek(length, SEEK_CUR)
    return end


class RecoveredSqlite:
    """The messages of an SQLite file up to the first page that is missing, in the order of their recording."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error where not even the topics can be read."""
        # `immutable`: no lock, no journal, nothing is written. Only with a writable schema, odd as that sounds for a
        # file that is opened to be read, does SQLite look at a file that is shorter than its own header says.
        self._connection = sqlite3.connect(f'{path.resolve().as_uri()}?immutable=1', uri=True, check_same_thread=False)
        try:
            self._connection.execute('PRAGMA writable_schema=ON')
            rows = self._connection.execute('SELECT id, name, type FROM topics').fetchall()
        except sqlite3.Error:
            self._connection.close()
            raise
        self.topics: dict[int, tuple[str, str]] = {key: (name, kind) for key, name, kind in rows}
        """Id -> name and type."""
        self.counts: Counter[int] = Counter()
        """Messages that are there, by topic."""
        self.start, self.end = 2**63 - 1, 0
        """Nanoseconds of the first and of the last."""
        for topic, received in self._rows('topic_id, timestamp'):
            self.counts[topic] += 1
            self.start, self.end = min(self.start, received), max(self.end, received)

    def messages(self, wanted: Collection[int]) -> Iterator[tuple[int, int, bytes]]:
        """Topic's id, nanoseconds of recording, content."""
        return (row for row in self._rows('topic_id, timestamp, data') if row[0] in wanted)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _rows(self, columns: str) -> Iterator[Any]:
        last = None
        with closing(self._connection.execute(f'SELECT {columns} FROM messages NOT INDEXED')) as rows:
            try:
                for row in rows:
                    if None in row:
                        return
                    # A page that is cut within reads as if it went on with zeros: the last row of all may be such.
                    if last is not None:
                        yield last
                    last = row
            except sqlite3.DatabaseError:  # the page that is missing: this is the end
                return
