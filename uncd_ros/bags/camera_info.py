# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera_info recorded beside the images of a bag."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from uncd_ros.bags.reader import Bag, BagMessage, decode
from uncd_ros.errors import ImageError
from uncd_ros.images.camera_info import CameraInfos, MatchedInfo

CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
AHEAD = 10**9
"""Nanoseconds by which the camera_info of an image's own stamp may have been recorded after the image."""


class CameraInfoTopic:
    """Goes along its topic beside the images: the message of an image's stamp, else the latest before the image.

    As in the node, one that images outlive says nothing.
    """

    def __init__(self, bag: Bag, topic: str) -> None:
        self._messages = _read(bag, topic)
        self._next = next(self._messages, None)
        self._ahead: deque[tuple[int, Any]] = deque()
        self._infos: CameraInfos[Any] = CameraInfos()

    def match(self, stamp: Any, received: int) -> MatchedInfo[Any]:
        """Of the image of this stamp, recorded at `received` ns; to be asked in the order of recording."""
        while self._next is not None and self._next[0] <= received + AHEAD:
            self._ahead.append(self._next)
            self._next = next(self._messages, None)
        while self._ahead and self._ahead[0][0] <= received:
            recorded, info = self._ahead.popleft()
            self._infos.add(info, recorded * 1e-9)
        for _, info in self._ahead:
            if (info.header.stamp.sec, info.header.stamp.nanosec) == (stamp.sec, stamp.nanosec):
                return MatchedInfo(info=info, is_exact=True)
        return self._infos.match(stamp, received * 1e-9)


def open_camera_infos(bag: Bag, image_topic: str) -> CameraInfoTopic | None:
    """Of `/camera/image_raw` or `/camera/image_raw/compressed` it is `/camera/camera_info`; None if there is none."""
    name = f'{image_topic.removesuffix("/compressed").rpartition("/")[0]}/camera_info'
    topic = bag.topics.get(name)
    return CameraInfoTopic(bag, name) if topic is not None and topic.kind == CAMERA_INFO else None


def _read(bag: Bag, topic: str) -> Iterator[tuple[int, Any]]:
    for message in bag.messages([topic]):
        if (info := _decoded(message)) is not None:
            yield message.received, info


def _decoded(message: BagMessage) -> Any:
    """None for a message that is damaged: it says nothing about any image."""
    try:
        return decode(message)
    except ImageError:
        return None
