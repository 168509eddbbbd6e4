# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What goes into the messages comes out of them again."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header

from uncd_ros.images.camera_info import stated_size
from uncd_ros.images.encodings import as_array
from uncd_ros.monitor.scene_monitor import Decision
from uncd_ros.node.messages import ImageBuffer, ood_status, scaled_info

HEADER = Header(stamp=Time(sec=12, nanosec=34), frame_id='camera_optical_frame')
RNG = np.random.default_rng(3)


@pytest.mark.parametrize(
    ('encoding', 'shape', 'dtype', 'step'),
    [('mono8', (4, 6), np.uint8, 6), ('32FC1', (4, 6), np.float32, 24), ('rgb8', (4, 6, 3), np.uint8, 18)],
)
def test_image_holds_the_pixels(encoding: str, shape: tuple[int, ...], dtype: type, step: int) -> None:
    pixels = (RNG.random(shape) * 200).astype(dtype)
    msg = ImageBuffer(encoding).fill(HEADER, pixels)
    assert (msg.height, msg.width, msg.step, msg.encoding) == (4, 6, step, encoding)
    assert msg.header == HEADER
    np.testing.assert_array_equal(np.frombuffer(msg.data, dtype).reshape(shape), pixels)


def test_strided_pixels_come_out_in_order() -> None:
    bgr = RNG.integers(0, 256, (4, 6, 3), np.uint8)
    np.testing.assert_array_equal(as_array(ImageBuffer('rgb8').fill(HEADER, bgr[..., ::-1])), bgr[..., ::-1])


def test_memory_is_kept_until_the_size_changes() -> None:
    buffer = ImageBuffer('mono8')
    first = buffer.fill(HEADER, np.full((4, 6), 1, np.uint8)).data
    second = buffer.fill(HEADER, np.full((4, 6), 2, np.uint8)).data
    assert second is first and second[0] == 2
    larger = buffer.fill(HEADER, np.full((5, 7), 3, np.uint8))
    assert (len(larger.data), larger.height, larger.width, larger.step) == (35, 5, 7, 7)


OF_CAMERA = {'node': '/robot1/segmentation', 'camera': 'front', 'model': 'camvid', 'is_heartbeat': False}


@pytest.mark.parametrize(('is_ood', 'level'), [(True, DiagnosticStatus.WARN), (False, DiagnosticStatus.OK)])
def test_ood_status(is_ood: bool, level: bytes) -> None:
    decision = Decision(
        is_ood=is_ood,
        score=0.75,
        threshold=0.5,
        alarms=2,
        false_alarm_rate=0.01,
        guaranteed=False,
        false_alarms_per_hour=36.04,
        reason='3 of the last 5',
        fault='',
    )
    msg = ood_status(HEADER, decision, **OF_CAMERA)
    scene, camera = msg.status
    assert msg.header == HEADER
    assert (scene.level, scene.message, scene.hardware_id) == (level, '3 of the last 5', 'camvid')
    assert {each.key: each.value for each in scene.values} == {
        'is_ood': str(is_ood),
        'score': '0.75',
        'threshold': '0.5',
        'alarms': '2',
        'false_alarm_rate': '0.01',
        'guaranteed': 'False',
        'false_alarms_per_hour': '36.0',
        'heartbeat': 'False',
    }
    assert scene.name == 'robot1/segmentation: front out of distribution'
    assert camera.name == 'robot1/segmentation: front camera'
    assert (camera.level, camera.message) == (DiagnosticStatus.OK, 'no fault')
    faulty = replace(decision, fault='black: 99% of the image is dark')
    _, camera = ood_status(HEADER, faulty, **OF_CAMERA).status
    assert (camera.level, camera.message) == (DiagnosticStatus.ERROR, 'black: 99% of the image is dark')


def camera_info(**fields: object) -> CameraInfo:
    """Of a camera of 640x480 pixels with its centre in the middle and a baseline."""
    k = [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]
    p = [500.0, 0.0, 320.0, -50.0, 0.0, 510.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    return CameraInfo(width=640, height=480, distortion_model='plumb_bob', d=[0.1] * 5, k=k, p=p, **fields)


def test_camera_info_is_passed_through() -> None:
    info = camera_info()
    found = scaled_info(info, HEADER, 480, 640)
    assert (found.header, info.header) == (HEADER, Header())
    found.header = info.header
    assert found == info


def test_camera_info_of_a_binned_part_is_passed_through() -> None:
    part = RegionOfInterest(x_offset=40, y_offset=80, width=400, height=200)
    info = camera_info(binning_x=2, binning_y=2, roi=part)
    assert stated_size(info) == (100, 200)
    assert scaled_info(info, HEADER, 100, 200).k.tolist() == info.k.tolist()


def projected(info: CameraInfo, point: tuple[float, float, float]) -> list[float]:
    """Pixel of a point, by P."""
    x, y, w = np.reshape(info.p, (3, 4)) @ (*point, 1.0)
    return [x / w, y / w]


@pytest.mark.parametrize('point', [(0.0, 0.0, 1.0), (0.4, -0.3, 2.0)])
def test_scaled_camera_info_projects_to_the_scaled_pixel(point: tuple[float, float, float]) -> None:
    info = camera_info()
    scaled = scaled_info(info, HEADER, 120, 320)
    assert (scaled.height, scaled.width) == (120, 320)
    u, v = projected(info, point)
    assert projected(scaled, point) == pytest.approx([u / 2, v / 4])
    cut = camera_info(binning_x=2, binning_y=2, roi=RegionOfInterest(x_offset=40, y_offset=80, width=400, height=200))
    assert projected(scaled_info(cut, HEADER, 50, 100), point) == pytest.approx([(u - 40) / 4, (v - 80) / 4])


def test_camera_info_that_says_nothing_is_passed_through() -> None:
    assert stated_size(CameraInfo()) is None
    assert scaled_info(CameraInfo(), HEADER, 4, 6).width == 0
