# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What goes into the messages comes out of them again."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from std_msgs.msg import Header

from uncd_ros.images import as_array
from uncd_ros.messages import ImageBuffer, diagnostics, ood_status
from uncd_ros.ood import OodDecision
from uncd_ros.telemetry import Snapshot

HEADER = Header(stamp=Time(sec=12, nanosec=34), frame_id='camera_optical_frame')
RNG = np.random.default_rng(3)


def snapshot(**changes: float) -> Snapshot:
    """Counts of a node that is well."""
    values = {'received': 9, 'processed': 6, 'dropped': 2, 'faults': 1, 'fps': 9.87, 'silence': 0.1}
    return Snapshot(latency_ms=(1.0, 2.0, 3.0), **(values | changes))  # type: ignore[arg-type]


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


@pytest.mark.parametrize(('is_ood', 'level'), [(True, DiagnosticStatus.WARN), (False, DiagnosticStatus.OK)])
def test_ood_status(is_ood: bool, level: bytes) -> None:
    decision = OodDecision(
        is_ood=is_ood,
        score=0.75,
        threshold=0.5,
        alarms=2,
        false_alarm_rate=0.01,
        strange_per_hour=36.04,
        reason='3 of the last 5',
    )
    msg = ood_status(HEADER, decision, None, model='camvid')
    scene, camera = msg.status
    assert msg.header == HEADER
    assert (scene.level, scene.message, scene.hardware_id) == (level, '3 of the last 5', 'camvid')
    assert {each.key: each.value for each in scene.values} == {
        'is_ood': str(is_ood),
        'score': '0.75',
        'threshold': '0.5',
        'alarms': '2',
        'false_alarm_rate': '0.01',
        'strange_per_hour': '36.0',
    }
    assert (camera.level, camera.message) == (DiagnosticStatus.OK, 'no fault')
    _, camera = ood_status(HEADER, decision, 'black: 99% of the image is dark', model='camvid').status
    assert (camera.level, camera.message) == (DiagnosticStatus.ERROR, 'black: 99% of the image is dark')


def test_diagnostics() -> None:
    msg = diagnostics(HEADER.stamp, snapshot(), topic='/front/image_raw', model='camvid', device='cpu')
    (status,) = msg.status
    values = {each.key: each.value for each in status.values}
    assert msg.header.stamp == HEADER.stamp
    assert (status.level, status.message) == (DiagnosticStatus.OK, '9.9 images per second')
    assert values == {
        'received': '9',
        'processed': '6',
        'dropped': '2',
        'faults': '1',
        'fps': '9.87',
        'latency_ms_p50': '1.0',
        'latency_ms_p95': '2.0',
        'latency_ms_p99': '3.0',
        'device': 'cpu',
        'model': 'camvid',
    }


def test_silence_explains_itself() -> None:
    msg = diagnostics(HEADER.stamp, snapshot(silence=7.2), topic='/front/image_raw', model='camvid', device='cpu')
    assert msg.status[0].level == DiagnosticStatus.WARN
    assert msg.status[0].message == 'no image on /front/image_raw for 7 s'
