# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which camera_info goes with an image, and which size of image it states.

Messages are known by their fields: those of rclpy and those of a bag that is read without ROS alike.
"""

import math
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

KEPT = 100
"""Messages that are kept for images whose inference takes its time: 3 s of a camera at 30 fps."""
STALE_AFTER = 2.0
"""Seconds after which the latest message of a camera that goes on says nothing about its images any more."""


class CameraInfo(Protocol):
    """sensor_msgs/CameraInfo, as far as it is read here."""

    header: Any
    height: int
    width: int
    binning_x: int
    binning_y: int
    roi: Any


Info = TypeVar('Info', bound=CameraInfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedInfo(Generic[Info]):
    """The camera_info that goes with an image."""

    info: Info | None = None
    """None if the camera sends none."""
    is_exact: bool = False
    """Whether it has the image's stamp; if not, it is the latest."""
    silence: float = 0.0
    """Seconds from the latest message to the image; less than 0 for one that came after it."""
    is_latched: bool = False
    """Whether the camera sends one message now and then, not one with each image."""

    @property
    def is_stale(self) -> bool:
        """Whether images go on without it: the camera may be in another mode by now."""
        return self.silence > STALE_AFTER

    @property
    def expected_size(self) -> tuple[int, int] | None:
        """(height, width) that the image should have; None if nothing fresh says so."""
        return None if self.info is None or self.is_stale else stated_size(self.info)

    def misses(self, size: tuple[int, int]) -> bool:
        """Whether it belongs to another image and states another (height, width): it may be of another camera mode."""
        return not self.is_exact and self.expected_size not in (None, size)

    def describes(self, size: tuple[int, int]) -> bool:
        """Whether it may go out with an image of this (height, width). One that is stale is not scaled to it."""
        return self.info is not None and (not self.is_stale or stated_size(self.info) in (None, size))

    def fault(self, size: tuple[int, int]) -> str:
        """Why it does not serve an image of this (height, width); empty if it does, or if the camera sends none."""
        if self.info is None:
            return ''
        if stated_size(self.info) is None:
            return f'camera_info states no size, expected {size[1]}x{size[0]} as of the image: nothing is checked by it'
        if not self.is_stale:
            return self._fault_of_another_size(size)
        if (stated := stated_size(self.info)) not in (None, size):
            return (
                f'no camera_info for {self.silence:.0f} s and the last one states {stated[1]}x{stated[0]},'
                f' the image is {size[1]}x{size[0]}: it is neither used nor published'
            )
        return '' if self.is_latched else f'no camera_info for {self.silence:.0f} s, while images come: it is not used'

    def _fault_of_another_size(self, size: tuple[int, int]) -> str:
        if not self.misses(size) or not (stated := self.expected_size):
            return ''
        return (
            f'camera_info of another stamp states {stated[1]}x{stated[0]}, the image is {size[1]}x{size[0]}:'
            ' it is scaled'
        )


@dataclass(frozen=True, slots=True)
class _Received(Generic[Info]):
    """What has come so far."""

    by_stamp: dict[tuple[int, int], Info]
    """Oldest first."""
    latest: float
    """When the latest came, in seconds."""
    is_latched: bool


class CameraInfos(Generic[Info]):
    """The latest camera_info messages of one camera. One thread may add while others match."""

    def __init__(self) -> None:
        self._received: _Received[Info] = _Received({}, -math.inf, True)
        """Replaced whole with each message, so that a reader never sees half a change."""

    def add(self, info: Info, received: float) -> None:
        """Keep the next message; `received` is when it came, in seconds of a clock that never goes back."""
        before, stamp = self._received, _key(info.header.stamp)
        others = [item for item in before.by_stamp.items() if item[0] != stamp]
        kept = dict([*others[1 - KEPT :], (stamp, info)])
        self._received = _Received(kept, received, before.is_latched and received - before.latest > STALE_AFTER)

    def match(self, stamp: Any, received: float) -> MatchedInfo[Info]:
        """The message of an image's stamp, else the latest; `received` is when the image came, by the same clock."""
        now = self._received
        exact = now.by_stamp.get(_key(stamp))
        return MatchedInfo(
            info=exact or next(reversed(now.by_stamp.values()), None),
            is_exact=exact is not None,
            silence=received - now.latest,
            is_latched=now.is_latched,
        )


def stated_size(info: CameraInfo) -> tuple[int, int] | None:
    """(height, width) of the images that a camera_info goes with; None if it does not say."""
    height = (info.roi.height or info.height) // max(1, info.binning_y)
    width = (info.roi.width or info.width) // max(1, info.binning_x)
    return (height, width) if height and width else None


def _key(stamp: Any) -> tuple[int, int]:
    return stamp.sec, stamp.nanosec
