# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One file of a bag, SQLite or MCAP, whole or cut short, compressed or not: topics, and messages in order."""

import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rosbags.rosbag2 import Reader

from uncd_ros.bags.recovered import RecoveredMcap, RecoveredSqlite
from uncd_ros.errors import BagError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESSED = '.zstd'
"""What rosbag2 adds to the name of a file that it compresses whole."""
_ZSTD = b'\x28\xb5\x2f\xfd'
"""First bytes of anything that is compressed; a message that is not begins with 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of a bag."""

    name: str
    kind: str
    """Such as 'sensor_msgs/msg/Image', whatever the file calls it."""
    count: int
    """Messages."""


Raw = tuple[str, int, bytes]
"""Topic, nanoseconds of recording, content."""


class Storage(Protocol):
    """An open file."""

    topics: tuple[Topic, ...]
    start: int
    """Nanoseconds of the first message; a huge number if there is none."""
    end: int
    """Nanoseconds of the last message; 0 if there is none."""
    damage: str
    """What is wrong with the file as a whole; empty if nothing is."""

    def messages(self, names: Collection[str]) -> Iterator[Raw]:
        """Of these topics, in order of recording."""

    def close(self) -> None:
        """Let go of the file."""


def open_storage(path: Path, scratch: Path) -> Storage:
    """Open one file to be read; `scratch` is a folder for what must be unpacked. Raises BagError."""
    readable = unpack(path, scratch) if path.suffix == COMPRESSED else path
    try:
        return _RosbagsStorage(readable, '')
    except Exception as error:  # a damaged file can break its reader in any way
        return _recover(readable, path.name, _reason(error))


def unpack(path: Path, scratch: Path) -> Path:
    """A file that was compressed whole -> its content in `scratch`, as much of it as is there."""
    target = scratch / path.stem
    if target.exists():
        return target
    with path.open('rb') as packed, target.open('wb') as whole:
        try:
            source = zstd.open(packed, 'rb')
            with suppress(zstd.ZstdError, EOFError):  # what came before is there, and is found to be cut when opened
                while chunk := source.read1(1 << 20):  # `read` would throw away what it has when the end is missing
                    whole.write(chunk)
        except OSError as error:
            raise BagError(f'{path}: cannot be unpacked to {scratch} ({error.strerror})') from None
    return target


def _recover(path: Path, name: str, reason: str) -> Storage:
    damage = f'{name}: cut short or damaged ({reason}); what is whole is read'
    try:
        return (
            _RosbagsStorage(RecoveredMcap(path), damage) if path.suffix == '.mcap' else _RecoveredStorage(path, damage)
        )
    except Exception:
        raise BagError(f'{name}: cannot be read ({reason})') from None


class _RosbagsStorage:
    """A file that rosbags reads."""

    def __init__(self, path: Any, damage: str) -> None:
        self.damage = damage
        self._reader = Reader(path)
        self._reader.open()
        self.topics = tuple(
            Topic(name=each.topic, kind=_modern(each.msgtype), count=each.msgcount) for each in self._reader.connections
        )
        self.start, self.end = self._reader.start_time, self._reader.end_time - 1

    def messages(self, names: Collection[str]) -> Iterator[Raw]:
        wanted = [each for each in self._reader.connections if each.topic in names]
        if wanted:  # for rosbags, none is all
            for connection, received, data in self._reader.messages(wanted):
                yield connection.topic, received, _unpacked(data)

    def close(self) -> None:
        self._reader.close()


class _RecoveredStorage:
    """What is left of a damaged SQLite file."""

    def __init__(self, path: Path, damage: str) -> None:
        self.damage = damage
        self._file = RecoveredSqlite(path)
        self.topics = tuple(
            Topic(name=name, kind=_modern(kind), count=self._file.counts[key])
            for key, (name, kind) in self._file.topics.items()
        )
        self.start, self.end = self._file.start, self._file.end

    def messages(self, names: Collection[str]) -> Iterator[Raw]:
        topics = self._file.topics
        wanted = {key for key, (name, _) in topics.items() if name in names}
        for key, received, data in self._file.messages(wanted):
            yield topics[key][0], received, _unpacked(data)

    def close(self) -> None:
        self._file.close()


def _unpacked(data: bytes) -> bytes:
    return zstd.decompress(data) if data[:4] == _ZSTD else data


def _modern(kind: str) -> str:
    """`sensor_msgs/Image`, as the first recorders wrote it -> `sensor_msgs/msg/Image`."""
    package, _, name = kind.partition('/')
    return kind if '/' in name else f'{package}/msg/{name}'


def _reason(error: Exception) -> str:
    text = str(error).strip().split('\n')[0] or type(error).__name__
    return text.rstrip('.')
