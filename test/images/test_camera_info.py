# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which camera_info goes with an image: by stamp, else the latest."""

from types import SimpleNamespace
from typing import Any

import pytest

from uncd_ros.images.camera_info import KEPT, STALE_AFTER, CameraInfos, MatchedInfo, stated_size


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


def matched(message: Any, *, exact: bool = False, silence: float = 0.1, latched: bool = False) -> MatchedInfo[Any]:
    return MatchedInfo(info=message, is_exact=exact, silence=silence, is_latched=latched)


def found(infos: CameraInfos[Any], nanosec: int) -> tuple[Any, bool]:
    """What goes with the image of a stamp, and whether it has that stamp."""
    match = infos.match(stamp(nanosec), 0.0)
    return match.info, match.is_exact


def test_the_stamp_decides_else_the_latest() -> None:
    infos: CameraInfos[Any] = CameraInfos()
    assert found(infos, 1) == (None, False)
    first, second = info(1), info(2)
    infos.add(first, 0.0)
    infos.add(second, 0.0)
    assert found(infos, 1) == (first, True)
    assert found(infos, 2) == (second, True)
    assert found(infos, 3) == (second, False)


def test_a_stamp_that_stands_still_is_the_latest() -> None:
    infos: CameraInfos[Any] = CameraInfos()
    latest = info(0, 240, 320)
    for message in (info(0), info(5), latest):
        infos.add(message, 0.0)
    assert found(infos, 0) == (latest, True)
    assert found(infos, 9) == (latest, False)


def test_only_so_many_are_kept() -> None:
    infos: CameraInfos[Any] = CameraInfos()
    for nanosec in range(KEPT + 1):
        infos.add(info(nanosec), 0.0)
    assert not found(infos, 0)[1]
    assert found(infos, 1)[1]


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
    ('match', 'misses'),
    [
        (matched(info(0)), True),
        (matched(info(0, 240, 320)), False),
        (matched(info(0), exact=True), False),  # its own: the image is scaled
        (matched(info(0, 0, 0)), False),
        (matched(info(0), silence=STALE_AFTER + 0.1), False),  # of nothing any more
        (matched(None), False),
    ],
)
def test_another_stamp_and_another_size_is_a_miss(match: MatchedInfo[Any], misses: bool) -> None:
    assert match.misses((240, 320)) == misses


def test_one_that_the_images_outlive_is_stale() -> None:
    infos: CameraInfos[Any] = CameraInfos()
    for i in range(3):
        infos.add(info(i), i * 0.1)
    fresh, stale = infos.match(stamp(2), 0.2 + STALE_AFTER), infos.match(stamp(2), 7.2)
    assert (fresh.is_stale, fresh.expected_size, fresh.fault((480, 640))) == (False, (480, 640), '')
    assert (stale.is_stale, stale.expected_size) == (True, None)
    assert 'no camera_info for 7 s' in stale.fault((480, 640))
    infos.add(info(9), 8.0)
    assert not infos.match(stamp(9), 7.9).is_stale  # it came after its image


def test_a_stale_one_goes_out_with_images_of_its_size_alone() -> None:
    stale = matched(info(0), silence=12.0)
    assert stale.describes((480, 640)) and not stale.describes((240, 320))
    assert matched(info(0)).describes((240, 320))
    assert matched(info(0, 0, 0), silence=12.0).describes((240, 320))
    assert not matched(None).describes((240, 320))
    fault = stale.fault((240, 320))
    assert all(fact in fault for fact in ('for 12 s', 'states 640x480', 'image is 320x240', 'nor published'))


def test_a_message_now_and_then_is_latched_and_no_fault() -> None:
    infos: CameraInfos[Any] = CameraInfos()
    infos.add(info(0), 0.0)
    infos.add(info(1), 60.0)
    latched = infos.match(stamp(5), 90.0)
    assert (latched.is_latched, latched.expected_size, latched.describes((480, 640))) == (True, None, True)
    assert latched.fault((480, 640)) == '' and 'states 640x480' in latched.fault((240, 320))
    infos.add(info(2), 61.0)
    assert infos.match(stamp(5), 90.0).fault((480, 640)) != ''


def test_one_that_does_not_serve_its_image_is_named() -> None:
    other = matched(info(0)).fault((240, 320))
    assert all(fact in other for fact in ('another stamp', 'states 640x480', 'image is 320x240', 'scaled'))
    assert matched(info(0), exact=True).fault((240, 320)) == ''
    none = matched(info(0, 0, 0)).fault((240, 320))
    assert all(fact in none for fact in ('states no size', 'expected 320x240'))
    assert matched(None).fault((240, 320)) == ''
