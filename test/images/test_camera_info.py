# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which camera_info goes with an image: by stamp, else the latest."""

from types import SimpleNamespace
from typing import Any

import pytest

from uncd_ros.images.camera_info import KEPT, CameraInfos, MatchedInfo, stated_size


def stamp(nanosec: int) -> Any:
    return SimpleNamespace(sec=1, nanosec=nanosec)


def info(nanosec: int, height: int = 480, width: int = 640, *, binning: int = 0, roi: tuple[int, int] = (0, 0)) -> Any:
    """A camera_info, with the fields that are read."""
    return SimpleNamespace(
        header=SimpleNamespace(stamp=stamp(nanosec)),
        height=height,
        width=width,
        binning_x=binning,
        binning_y=binning,
        roi=SimpleNamespace(height=roi[0], width=roi[1]),
    )


def test_the_stamp_decides_else_the_latest() -> None:
    infos: CameraInfos[Any] = CameraInfos()
    assert infos.match(stamp(1)) == MatchedInfo(None, False)
    first, second = info(1), info(2)
    infos.add(first)
    infos.add(second)
    assert infos.match(stamp(1)) == MatchedInfo(first, True)
    assert infos.match(stamp(2)) == MatchedInfo(second, True)
    assert infos.match(stamp(3)) == MatchedInfo(second, False)


def test_a_stamp_that_stands_still_is_the_latest() -> None:
    infos: CameraInfos[Any] = CameraInfos()
    latest = info(0, 240, 320)
    for message in (info(0), info(5), latest):
        infos.add(message)
    assert infos.match(stamp(0)) == MatchedInfo(latest, True)
    assert infos.match(stamp(9)) == MatchedInfo(latest, False)


def test_only_so_many_are_kept() -> None:
    infos: CameraInfos[Any] = CameraInfos()
    for nanosec in range(KEPT + 1):
        infos.add(info(nanosec))
    assert not infos.match(stamp(0)).is_exact
    assert infos.match(stamp(1)).is_exact


@pytest.mark.parametrize(
    ('message', 'expected'),
    [
        (info(0), (480, 640)),
        (info(0, binning=2), (240, 320)),
        (info(0, roi=(200, 400)), (200, 400)),
        (info(0, binning=2, roi=(200, 400)), (100, 200)),
        (info(0, 0, 0), None),
    ],
)
def test_stated_size(message: Any, expected: tuple[int, int] | None) -> None:
    assert stated_size(message) == expected


@pytest.mark.parametrize(
    ('matched', 'misses'),
    [
        (MatchedInfo(info(0), False), True),
        (MatchedInfo(info(0, 240, 320), False), False),
        (MatchedInfo(info(0), True), False),  # its own: the image is scaled
        (MatchedInfo(info(0, 0, 0), False), False),
        (MatchedInfo(None, False), False),
    ],
)
def test_another_stamp_and_another_size_is_a_miss(matched: MatchedInfo[Any], misses: bool) -> None:
    assert matched.misses((240, 320)) == misses
