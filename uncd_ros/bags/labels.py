# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth of a bag's images: a topic with the stamps of the camera, or a folder of PNGs."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.bags.reader import Bag, decode
from uncd_ros.bags.storage import Topic
from uncd_ros.bags.topics import KINDS, find_topic
from uncd_ros.errors import BagError, ImageError
from uncd_ros.images.codec import decode as decode_image
from uncd_ros.images.codec import read_image

AHEAD = 64
"""Label images that may wait for their camera image."""
LABEL_WORDS = ('label', 'annot', 'ground_truth', 'groundtruth')
"""In the name of a topic that holds ground truth."""
_STAMP_FROM = 10**12
"""A file's number from here on is a stamp in nanoseconds, below it is the number of a message."""


class Labels(Protocol):
    """Label images by camera image."""

    count: int
    """How many there are, as far as is known."""

    def find(self, index: int, stamp: int) -> NDArray[Any] | None:
        """(H, W) ids as they were drawn, of message number `index` stamped at so many ns; None if there are none.

        To be asked in the order of the stamps. Raises ImageError for one that cannot be read.
        """


def open_labels(bag: Bag, spec: str, topic: str) -> Labels:
    """A folder, or a topic of the bag other than the camera's. Raises BagError where it is neither."""
    if Path(spec).is_dir():
        return FolderLabels(Path(spec))
    if spec == topic:
        raise BagError(f'--labels {spec}: is the topic of the images, expected one of label ids or a folder of PNGs')
    return TopicLabels(bag, find_topic(bag, spec, '--labels'))


def find_label_topic(bag: Bag, topic: str) -> str | None:
    """The only other topic whose name says that it holds ground truth, and whose first message is of label ids."""
    names = (name for name, each in sorted(bag.topics.items()) if each.kind in KINDS and each.count and name != topic)
    found = [name for name in names if any(word in name.lower() for word in LABEL_WORDS) and _holds_ids(bag, name)]
    return found[0] if len(found) == 1 else None


def _holds_ids(bag: Bag, topic: str) -> bool:
    with closing(bag.messages([topic])) as messages:
        message = next(messages)
    try:
        return label_ids(decode(message)).ndim == 2
    except ImageError:
        return False


class TopicLabels:
    """Goes along its topic beside the camera's, so that it does not matter which was recorded first."""

    def __init__(self, bag: Bag, topic: Topic) -> None:
        self.count = topic.count
        self._messages = self._read(bag, topic.name)
        self._waiting: dict[int, Any] = {}
        self._newest = -1

    def find(self, _index: int, stamp: int) -> NDArray[Any] | None:
        """See `Labels`."""
        while self._newest < stamp:
            message = next(self._messages, None)
            if message is None:
                break
            self._newest = max(self._newest, message[0])
            self._waiting[message[0]] = message[1]
            if len(self._waiting) > AHEAD:
                del self._waiting[min(self._waiting)]
        message = self._waiting.pop(stamp, None)
        return None if message is None else label_ids(message)

    @staticmethod
    def _read(bag: Bag, topic: str) -> Iterator[tuple[int, Any]]:
        for message in bag.messages([topic]):
            try:
                content = decode(message)
            except ImageError:  # it has no stamp to be found by
                continue
            yield nanoseconds(content.header.stamp), content


class FolderLabels:
    """PNGs named by stamp (`1700000000100000000`, `1700000000.100000000`) or by number of the message, from 0."""

    def __init__(self, folder: Path) -> None:
        """Raises BagError where no file is named so."""
        self._paths: dict[int, Path] = {}
        for path in sorted(folder.glob('*.png')):
            if key := re.fullmatch(r'(\d+)(?:[._](\d{9}))?', path.stem):
                self._paths[int(key[1] + (key[2] or ''))] = path
        if not self._paths:
            raise BagError(f'--labels {folder}: no PNG there is named by a stamp in nanoseconds or by a number')
        self.count = len(self._paths)
        self._by_stamp = max(self._paths) >= _STAMP_FROM

    def find(self, index: int, stamp: int) -> NDArray[Any] | None:
        """See `Labels`."""
        path = self._paths.get(stamp if self._by_stamp else index)
        return None if path is None else read_image(path, cv2.IMREAD_UNCHANGED)


def label_ids(msg: Any) -> NDArray[Any]:
    """(H, W) ids of an Image in mono8, or of a CompressedImage that is a PNG. Raises ImageError for anything else."""
    if hasattr(msg, 'format'):
        data = bytes(msg.data)
        ids = decode_image(data, cv2.IMREAD_UNCHANGED) if data.startswith(b'\x89PNG') else None
        if ids is None:
            raise ImageError(f"label image has format '{msg.format}', expected a whole PNG: JPEG changes label ids")
        return ids
    if msg.encoding not in ('mono8', '8UC1'):
        raise ImageError(f"label image has encoding '{msg.encoding}', expected mono8")
    if msg.step < msg.width or len(msg.data) < msg.step * msg.height:
        raise ImageError(f'label image has {len(msg.data)} bytes, expected {msg.width}x{msg.height}')
    rows = np.asarray(msg.data[: msg.step * msg.height], np.uint8).reshape(msg.height, msg.step)
    return rows[:, : msg.width]


def nanoseconds(stamp: Any) -> int:
    """A builtin_interfaces/Time as one number."""
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)
