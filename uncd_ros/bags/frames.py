# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera's images in a bag, one after another, each with its labels and the way back to its message."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncd_ros.bags.camera_info import CameraInfoTopic, open_camera_infos
from uncd_ros.bags.labels import Labels, nanoseconds
from uncd_ros.bags.reader import Bag, BagMessage, decode
from uncd_ros.errors import ImageError
from uncd_ros.images.camera_info import MatchedInfo
from uncd_ros.images.encodings import as_array, is_grey, named_encoding
from uncd_ros.monitor.rate_limit import RateLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class BagFrame:
    """One image of a bag, or what is wrong with it."""

    message: BagMessage
    stamp: int
    """Nanoseconds of its header; of the recorder where it has none that can be read."""
    header: Any
    """std_msgs/Header; None where it cannot be read."""
    image: NDArray[np.uint8] | None
    """(H, W, 3) RGB, perhaps a view into the message; None where `error` says why."""
    encoding: str
    """Of a compressed image, its format; empty where the message cannot be read."""
    is_grey: bool
    """Whether the message says that it has no colour."""
    error: ImageError | None
    """Why the message holds no image; None if it does."""
    labels: NDArray[Any] | None
    """(H, W) ids as they were drawn; None where there are none, or `label_fault` says why."""
    label_fault: str
    stated_size: tuple[int, int] | None
    """(height, width) that the camera_info of this image states; None where there is none."""
    camera_info: Any
    """sensor_msgs/CameraInfo of this image, if there is one and it is not stale; else None."""
    silence: float
    """Seconds, the longest stretch without any image of the camera since the frame before this one."""
    read_seconds: float
    """Time that it took to decode."""


class FrameReader:
    """Every n-th image of a topic, in order of recording, thinned to a rate as the node thins its images."""

    def __init__(
        self, bag: Bag, topic: str, labels: Labels | None = None, *, every: int = 1, max_rate: float = 0.0
    ) -> None:
        """`max_rate` is in images per second, by their time of recording; 0 is no limit."""
        self.bag, self.topic, self.labels = bag, topic, labels
        self._every, self._max_rate = every, max_rate
        self.present = 0
        """Messages of the topic that were there, those left out among them; known at the end."""

    @property
    def expected(self) -> int:
        """Images that will come, as far as is known."""
        return -(-self.bag.topics[self.topic].count // self._every)

    @property
    def recorded_rate(self) -> float:
        """Images per second at which the topic was recorded; 0 for a single one."""
        seconds = self.bag.seconds
        return (self.bag.topics[self.topic].count - 1) / seconds if seconds else 0.0

    def __iter__(self) -> Iterator[BagFrame]:
        self.present = 0
        limit, infos = RateLimit(), open_camera_infos(self.bag, self.topic)
        last, silence = None, 0.0
        for message in self.bag.messages([self.topic]):
            self.present += 1
            silence = max(silence, 0.0 if last is None else (message.received - last) * 1e-9)
            last = message.received
            if message.index % self._every == 0 and limit.admits(message.received * 1e-9, self._max_rate):
                yield _frame(message, self.labels, infos, silence)
                silence = 0.0


def _frame(message: BagMessage, labels: Labels | None, infos: CameraInfoTopic | None, silence: float) -> BagFrame:
    start = time.perf_counter()
    stamp, header, image, fault = message.received, None, None, None
    encoding, grey = '', False
    try:
        content = decode(message)
        header, stamp = content.header, nanoseconds(content.header.stamp)
        encoding, grey = named_encoding(content), is_grey(content)
        image = as_array(content)
    except ImageError as error:
        fault = error
    ids, label_fault = _labels(labels, message.index, stamp)
    info: MatchedInfo[Any] = MatchedInfo()
    if infos and header is not None:
        info = infos.match(header.stamp, message.received)
    return BagFrame(
        message=message,
        stamp=stamp,
        header=header,
        image=image,
        encoding=encoding,
        is_grey=grey,
        error=fault,
        labels=ids,
        label_fault=label_fault,
        stated_size=info.expected_size,
        camera_info=None if info.is_stale else info.info,
        silence=silence,
        read_seconds=time.perf_counter() - start,
    )


def _labels(labels: Labels | None, index: int, stamp: int) -> tuple[NDArray[Any] | None, str]:
    """The ids, or what is wrong with them."""
    try:
        return (labels.find(index, stamp) if labels else None), ''
    except ImageError as error:
        return None, str(error)
