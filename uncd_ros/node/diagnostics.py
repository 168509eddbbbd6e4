# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report on /diagnostics, by a thread that never waits for the network, and so notices one that is stuck."""

import time
from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from std_msgs.msg import Header

from uncd_ros.node.camera import Camera
from uncd_ros.node.status import NO_IMAGE_AFTER, model_status
from uncd_ros.node.worker import ActiveModel, Worker


class Diagnostics:
    """Publishes how the cameras and the model are doing."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)

    def report(self, active: ActiveModel, worker: Worker, cameras: Sequence[Camera], unapplied: str) -> None:
        """Publish one report, and raise the flags if no image is worked on.

        `unapplied` is why the parameters are not in force as they are set; empty if they are.
        """
        stall = worker.stall(time.monotonic())
        statuses, mismatches = [], []
        for camera in cameras:
            if stall:
                camera.on_stall(stall)
            counts = camera.counts()
            camera.check_transport(counts)
            status, differences = camera.status(counts, active, stall)
            statuses.append(status)
            mismatches += [f'{camera.name}: {each}' if camera.name else each for each in differences]
            if counts.silence > NO_IMAGE_AFTER:
                self._warn_of_silence(camera, counts.silence)
        warnings = [each for each in (active.predictor.degraded_reason, unapplied) if each]
        statuses.append(model_status(active.predictor, warnings, mismatches))
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._publisher.publish(DiagnosticArray(header=header, status=statuses))

    def _warn_of_silence(self, camera: Camera, seconds: float) -> None:
        message = f'no image on {camera.topic} for {seconds:.0f} s: {camera.explain_silence()}'
        self._node.get_logger().warning(message, throttle_duration_sec=10.0)
