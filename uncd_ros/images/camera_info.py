# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which camera_info goes with an image, and which size of image it states.

Messages are known by their fields: those of rclpy and those of a bag that is read without ROS alike.
"""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

KEPT = 100
"""Messages that are kept for images whose inference takes its time: 3 s of a camera at 30 fps."""


class CameraInfo(Protocol):
    """sensor_msgs/CameraInfo, as far as it is read here."""

    header: Any
    height: int
    width: int
    binning_x: int
    binning_y: int
    roi: Any


Info = TypeVar('Info', bound=CameraInfo)


@dataclass(frozen=True, slots=True)
class MatchedInfo(Generic[Info]):
    """The camera_info that goes with an image."""

    info: Info | None
    """None if the camera sends none."""
    is_exact: bool
    """Whether it has the image's stamp; if not, it is the latest."""

    @property
    def stated_size(self) -> tuple[int, int] | None:
        """(height, width) that it states; None if it states none."""
        return None if self.info is None else stated_size(self.info)

    def misses(self, size: tuple[int, int]) -> bool:
        """Whether it belongs to another image and states another (height, width): it may be of another camera mode."""
        return not self.is_exact and self.stated_size not in (None, size)


class CameraInfos(Generic[Info]):
    """The latest camera_info messages of one camera. One thread may add while others match."""

    def __init__(self) -> None:
        self._by_stamp: dict[tuple[int, int], Info] = {}
        """Oldest first; replaced whole with each message, so that a reader never sees half a change."""

    def add(self, info: Info) -> None:
        """Keep the next message."""
        stamp = _key(info.header.stamp)
        others = [item for item in self._by_stamp.items() if item[0] != stamp]
        self._by_stamp = dict([*others[1 - KEPT :], (stamp, info)])

    def match(self, stamp: Any) -> MatchedInfo[Info]:
        """The message of an image's stamp, else the latest."""
        by_stamp = self._by_stamp
        exact = by_stamp.get(_key(stamp))
        return MatchedInfo(exact or next(reversed(by_stamp.values()), None), exact is not None)


def stated_size(info: CameraInfo) -> tuple[int, int] | None:
    """(height, width) of the images that a camera_info goes with; None if it does not say."""
    height = (info.roi.height or info.height) // max(1, info.binning_y)
    width = (info.roi.width or info.width) // max(1, info.binning_x)
    return (height, width) if height and width else None


def _key(stamp: Any) -> tuple[int, int]:
    return stamp.sec, stamp.nanosec
