# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera_info that has stopped while images go on: neither a fault of the camera, nor what is published again."""

import math
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo

from support.camera_double import Camera, picture, stamped_now
from support.node_double import node_in_process
from uncd_ros.images import camera_info

K = [50.0, 0.0, 32.0, 0.0, 50.0, 24.0, 0.0, 0.0, 1.0]


def test_a_camera_info_that_stops(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_info, 'STALE_AFTER', math.inf)
    with node_in_process(monkeypatch, tiny_model) as (_, camera):
        camera.probe.listen(CameraInfo, '/segmentation/camera_info')
        last = picture()

        def goes_out() -> bool:
            camera.info_publisher.publish(CameraInfo(header=last.header, height=48, width=64, k=K))
            return bool(camera.heard('camera_info', camera.ask(last)))

        camera.probe.until(goes_out)
        camera.probe.until(goes_out)  # twice: no latched one
        assert fault_of(camera, height=48, width=48).startswith('wrong size: 48x48')

        monkeypatch.setattr(camera_info, 'STALE_AFTER', 0.0)
        assert fault_of(camera, height=48, width=48) == 'no fault'
        status = camera.status()
        assert status.level == DiagnosticStatus.WARN
        assert all(fact in status.message for fact in ('states 64x48', 'image is 48x48', 'neither used nor published'))
        half = picture(height=24, width=32)
        same = stamped_now(picture())
        for image in (half, same):
            camera.ask(image)
        out = camera.probe.until(lambda: camera.heard('camera_info', same.header))
        assert (out.height, out.width, out.k.tolist()) == (48, 64, K)
        assert camera.heard('camera_info', half.header) is None  # not scaled to what it does not describe
        status = camera.status()
        assert (status.level, 'while images come' in status.message) == (DiagnosticStatus.WARN, True)


def fault_of(camera: Camera, *, height: int, width: int) -> str:
    """What the node says of the camera after an image of a size."""
    image = stamped_now(picture(height=height, width=width))
    return str(camera.heard('ood_status', camera.ask(image)).status[1].message)
