# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""In the place of the perception node: says what a test wants said, about a camera that it plays, too."""

import time
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import Image
from std_msgs.msg import Bool, Float32, Header

from support.camera_double import picture
from support.ros_harness import Probe
from uncd_ros.node.messages import key_values
from uncd_ros.node.names import status_name

NODE = '/segmentation'


class PerceptionDouble:
    """One camera, and all that the perception node publishes about it."""

    def __init__(self, probe: Probe) -> None:
        make = probe.node.create_publisher
        self.images = make(Image, '/image_raw', 50)
        self._diagnostics = make(DiagnosticArray, '/diagnostics', 10)
        kinds = {
            'mask': Image,
            'uncertainty': Image,
            'overlay': Image,
            'overlay_preview': Image,
            'ood': Bool,
            'ood_score': Float32,
            'ood_status': DiagnosticArray,
        }
        self.results = {topic: make(kind, f'{NODE}/{topic}', 50) for topic, kind in kinds.items()}

    def tell_cameras(self) -> None:
        """As once a second."""
        images = DiagnosticStatus(
            name=status_name(NODE, 'images'),
            hardware_id='/image_raw',
            level=DiagnosticStatus.OK,
            message='10.0 images per second',
            values=key_values(fps=10.0, latency_ms_p50=20.0, dropped=1, lost=2, faults=0, device='cpu', model='m'),
        )
        model = DiagnosticStatus(
            name=status_name(NODE, 'model'),
            level=DiagnosticStatus.OK,
            message='m as calibrated',
            values=key_values(model='m', uncertainty_upper=1.0),
        )
        self._diagnostics.publish(DiagnosticArray(status=[images, model]))

    def send(self, number: int, *, is_ood: bool = False, alarms: int = 0, heartbeat: bool = False) -> None:
        """An image, stamped with its number in nanoseconds, and its results; or a heartbeat without any."""
        header = Header(stamp=Time(nanosec=number), frame_id='front')
        if not heartbeat:
            self._send_images(header)
        self.results['ood'].publish(Bool(data=is_ood))
        status = DiagnosticStatus(
            name=status_name(NODE, 'out of distribution'),
            level=DiagnosticStatus.WARN if is_ood else DiagnosticStatus.OK,
            message='fog' if is_ood else 'in distribution',
            values=key_values(is_ood=is_ood, score=0.5, threshold=0.4, alarms=alarms, heartbeat=heartbeat),
        )
        health = DiagnosticStatus(name=status_name(NODE, 'camera'), message='no fault')
        self.results['ood_status'].publish(DiagnosticArray(header=header, status=[status, health]))

    def _send_images(self, header: Header) -> None:
        for publisher, encoding in ((self.images, 'bgr8'), (self.results['mask'], 'mono8')):
            publisher.publish(_stamped(picture(encoding), header))
        uncertainty = picture('rgba8')  # as many bytes as floats have
        uncertainty.encoding, uncertainty.data = '32FC1', bytes(len(uncertainty.data))
        self.results['uncertainty'].publish(_stamped(uncertainty, header))
        for topic in ('overlay', 'overlay_preview'):
            self.results[topic].publish(_stamped(picture('rgb8'), header))
        self.results['ood_score'].publish(Float32(data=0.5))


def _stamped(image: Image, header: Header) -> Any:
    image.header = header
    return image


def tell_until(double: PerceptionDouble, probe: Probe, condition: Any) -> None:
    """Tell the cameras over and over, as the node does, until the condition holds."""

    def told() -> bool:
        double.tell_cameras()
        time.sleep(0.05)
        return bool(condition())

    probe.until(told, 60.0)
