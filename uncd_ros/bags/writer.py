# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A new rosbag2, as rviz, Foxglove and every distribution since Humble read it."""

import shutil
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError

from uncd_ros.bags.reader import typestore
from uncd_ros.bags.topics import COMPRESSED_IMAGE, IMAGE
from uncd_ros.errors import BagError
from uncd_ros.images.codec import encode_png

STORAGES = ('mcap', 'sqlite3')
VERSION: Final = 8
"""Of metadata.yaml: newer recorders read it, and the later one is not known to Jazzy's."""

_FOREVER = QosTime(9223372036, 854775807)
LATCHED = Qos(
    history=QosHistory.KEEP_LAST,
    depth=1,
    reliability=QosReliability.RELIABLE,
    durability=QosDurability.TRANSIENT_LOCAL,
    deadline=_FOREVER,
    lifespan=_FOREVER,
    liveliness=QosLiveliness.AUTOMATIC,
    liveliness_lease_duration=_FOREVER,
    avoid_ros_namespace_conventions=False,
)
"""As the node publishes what it says once; a player of bags offers the same again."""


class BagWriter:
    """Writes one bag; where that fails, nothing is left of it. Every method may raise BagError."""

    def __init__(self, path: Path, storage: str = STORAGES[0]) -> None:
        self.path = path
        self._connections: dict[str, Connection] = {}
        try:
            self._writer = Writer(path, version=VERSION, storage_plugin=StoragePlugin[storage.upper()])
            self._writer.open()
        except WriterError:
            raise BagError(f'{path}: is there already, expected the name of a new bag') from None
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from None

    def __enter__(self) -> 'BagWriter':
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard()

    def write(self, topic: str, kind: str, received: int, content: Any) -> None:
        """One message, or its CDR as bytes, recorded at so many nanoseconds."""
        data = content if isinstance(content, bytes) else typestore().serialize_cdr(content, kind)
        if topic not in self._connections:
            self.declare(topic, kind)
        try:
            self._writer.write(self._connections[topic], received, data)
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from None

    def declare(self, topic: str, kind: str, *, latched: bool = False) -> None:
        """A topic that is there even if nothing is said on it; one that is latched reaches who subscribes later."""
        profiles = [LATCHED] if latched else []
        try:
            self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=typestore(), offered_qos_profiles=profiles
            )
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Finish it."""
        try:
            self._writer.close()
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from None

    def discard(self) -> None:
        """Remove what was written."""
        with suppress(OSError, sqlite3.Error):  # it fails as the writing did
            self._writer.abort()
        shutil.rmtree(self.path, ignore_errors=True)

    def _failed(self, error: Exception) -> BagError:
        if hasattr(self, '_writer'):
            self.discard()
        reason = error.strerror if isinstance(error, OSError) else error
        return BagError(f'{self.path}: cannot be written ({reason}); what there was of it is removed')


def header(stamp: int, frame_id: str) -> Any:
    """std_msgs/Header of so many nanoseconds."""
    types = typestore().types
    time = types['builtin_interfaces/msg/Time'](sec=stamp // 10**9, nanosec=stamp % 10**9)
    return types['std_msgs/msg/Header'](stamp=time, frame_id=frame_id)


def image_message(head: Any, encoding: str, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> Any:
    """(H, W) or (H, W, channels) array of the encoding's type -> sensor_msgs/Image, rows without padding."""
    flat = np.ascontiguousarray(pixels)
    height, width = flat.shape[:2]
    return typestore().types[IMAGE](
        header=head,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(sys.byteorder == 'big'),
        step=flat.nbytes // height,
        data=flat.reshape(-1).view(np.uint8),
    )


def png_message(head: Any, encoding: str, pixels: NDArray[np.uint8]) -> Any:
    """(H, W) or (H, W, 3) BGR -> sensor_msgs/CompressedImage that keeps every value."""
    data = np.frombuffer(encode_png(pixels), np.uint8)
    return typestore().types[COMPRESSED_IMAGE](header=head, format=f'{encoding}; png compressed {encoding}', data=data)


def plain_message(kind: str, value: Any) -> Any:
    """A std_msgs message that is a single value."""
    return typestore().types[kind](data=value)
