# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faulty images, stamps and camera_info, one after another: each is told in /diagnostics, then all is well again.

test_fault_table.py lists all faults, with those that other tests show.
"""

from functools import cache
from itertools import count, cycle
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from support.camera_double import picture, stamped_now
from support.robot_double import SEEDS, Robot, good, with_fields


def with_pixels(value: int) -> Image:
    image = good()
    image.data = bytes([value]) * len(image.data)
    return image


def blurred() -> Image:
    image = good(height=120, width=160)
    ramp = np.linspace(0, 200, 160).astype(np.uint8) + np.uint8(next(SEEDS) % 50)
    image.data = np.broadcast_to(ramp[None, :, None], (120, 160, 3)).tobytes()
    return image


def late(seconds: float) -> Image:
    """Stamped so long ago; less than 0 is in the future."""
    image = good()
    ns = image.header.stamp.sec * 10**9 + image.header.stamp.nanosec - round(seconds * 1e9)
    image.header.stamp = Time(sec=ns // 10**9, nanosec=ns % 10**9)
    return image


IMAGES = {
    'black': (lambda: with_pixels(0), ('black: 100%',)),
    'saturated': (lambda: with_pixels(255), ('saturated: 100%',)),
    'frozen': (lambda: stamped_now(picture(seed=7)), ('frozen: ', 'images are the same')),
    'blurred': (blurred, ('blurred: detail is', 'expected 0.18')),
    'truncated': (lambda: with_fields(data=b'1234'), ('truncated: image data is 4 bytes', 'expected 9216')),
    'empty': (lambda: with_fields(width=0), ('unreadable: image is 0x48 pixels', 'expected at least 1x1')),
    'step too small': (lambda: with_fields(step=7), ('unreadable: image step is 7 bytes', 'expected 192')),
    'unknown encoding': (lambda: with_fields(encoding='dog8'), ("image encoding is 'dog8'", 'expected one of rgb8')),
}


@pytest.mark.parametrize('fault', IMAGES)
def test_a_faulty_image_is_an_error(robot: Robot, fault: str) -> None:
    send, facts = IMAGES[fault]
    robot.sees('images', *facts, level=DiagnosticStatus.ERROR, send=send)


@cache
def started() -> Time:
    """When it was asked for first."""
    return good().header.stamp


TO_AND_FRO = cycle((0.0, 0.5))
STAMPS = {
    'stamp 0': (lambda: with_fields(header=Header()), ('stamps are 0',)),
    'stands still': (lambda: with_fields(header=Header(stamp=started())), ('stamps stand still at', 'images')),
    'in the future': (lambda: late(-60.0), ('ahead of this node', 'expected 0.1 s at most')),
    'another clock': (lambda: late(60.0), ('60 s behind', 'expected 10 s at most')),
    'goes back': (lambda: late(next(TO_AND_FRO)), ('stamps went back by', 'expected each later')),
}


@pytest.mark.parametrize('fault', STAMPS)
def test_stamps_that_tell_no_time_are_a_warning(robot: Robot, fault: str) -> None:
    started.cache_clear()
    send, facts = STAMPS[fault]
    robot.sees('images', '/image_raw: ', *facts, send=send)


def test_a_single_bad_image_is_told_although_the_next_is_good(robot: Robot) -> None:
    def good_after_bad() -> Image:  # before the next report, sooner or later
        robot.camera.decide(with_fields(step=7))
        return good()

    robot.sees('images', 'a moment ago: unreadable: image step is 7 bytes', send=good_after_bad)


@pytest.mark.parametrize(
    ('shape', 'facts'),
    [({'height': 24, 'width': 32}, "64x48 'bgr8' to 32x24 'bgr8'"), ({'encoding': 'rgb8'}, "'bgr8' to 64x48 'rgb8'")],
)
def test_images_that_change_are_told(robot: Robot, shape: dict[str, Any], facts: str) -> None:
    turn = count()
    robot.sees(
        'images', 'a moment ago: images changed from', facts, send=lambda: good(**shape if next(turn) % 2 else {})
    )


@pytest.mark.parametrize(
    ('shape', 'facts', 'level'),
    [
        ({'encoding': 'mono8'}, 'camera sends mono8, model was calibrated on colour', DiagnosticStatus.ERROR),
        ({'height': 36}, 'camera sends 64x36, model was calibrated on the shape of 64x48', DiagnosticStatus.WARN),
        ({'height': 16}, 'camera sends 64x16, model was calibrated on the shape of 64x48', DiagnosticStatus.ERROR),
    ],
)
def test_a_camera_unlike_the_calibration_is_told(robot: Robot, shape: dict[str, Any], facts: str, level: bytes) -> None:
    robot.sees('model', facts, level=level, send=lambda: good(**shape))


@pytest.mark.parametrize(
    ('size', 'facts', 'level'),
    [
        ((0, 0), 'camera_info states no size, expected 64x48', DiagnosticStatus.WARN),
        ((32, 24), 'camera_info of another stamp states 32x24, the image is 64x48', DiagnosticStatus.WARN),
        ((48, 48), 'wrong size: 64x48, camera_info says 48x48', DiagnosticStatus.ERROR),
    ],
)
def test_a_camera_info_that_does_not_fit_is_told(
    running_robot: Robot, size: tuple[int, int], facts: str, level: bytes
) -> None:
    def send(width: int, height: int) -> Image:
        image = good()
        running_robot.camera.info_publisher.publish(CameraInfo(width=width, height=height))
        return image

    running_robot.sees('images', facts, level=level, send=lambda: send(*size))
    running_robot.is_well(lambda: send(64, 48))
