# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report on /diagnostics, by a thread that never waits for the network, and so notices one that is stuck."""

import time
from collections.abc import Sequence
from dataclasses import replace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from std_msgs.msg import Header

from uncd_ros.model.calibration_check import Mismatch
from uncd_ros.node.camera import Camera
from uncd_ros.node.status import model_status
from uncd_ros.node.surroundings import Surroundings
from uncd_ros.node.worker import ActiveModel, Worker


class Diagnostics:
    """Publishes how the cameras and the model are doing."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._surroundings = Surroundings(node)
        self._logged: set[str] = set()
        """Sentences."""
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)

    def report(self, active: ActiveModel, worker: Worker, cameras: Sequence[Camera], unapplied: str) -> None:
        """Publish one report.

        `unapplied` is why the parameters are not in force as they are set; empty if they are.
        """
        stall = worker.stall(time.monotonic())
        statuses: list[DiagnosticStatus] = []
        mismatches: list[Mismatch] = []
        for camera in cameras:
            counts = camera.counts()
            camera.check_transport(counts)
            status, differences = camera.status(counts, active, stall)
            statuses.append(status)
            prefix = f'{camera.name}: ' if camera.name else ''
            mismatches += [replace(each, sentence=f'{prefix}{each.sentence}') for each in differences]
            if counts.silence > active.params.silent_after:
                self._warn_of_silence(camera, counts.silence)
        around = [*self._surroundings.faults(), *filter(None, [active.files.fault()])]
        self._log_once([*around, *(each.sentence for each in mismatches)])
        warnings = [*filter(None, [active.predictor.degraded_reason, unapplied]), *around]
        warnings += [each.sentence for each in mismatches if not each.is_error]
        errors = [each.sentence for each in mismatches if each.is_error]
        node = self._node.get_fully_qualified_name()
        statuses.append(model_status(node, active.predictor, warnings, errors))
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._publisher.publish(DiagnosticArray(header=header, status=statuses))

    def _log_once(self, sentences: Sequence[str]) -> None:
        """Warn of what was not there before: it stays in the diagnostics as long as it lasts."""
        for each in sentences:
            if each not in self._logged:
                self._logged.add(each)
                self._node.get_logger().warning(each)

    def _warn_of_silence(self, camera: Camera, seconds: float) -> None:
        message = f'no image on {camera.topic} for {seconds:.0f} s: {camera.explain_silence()}'
        self._node.get_logger().warning(message, throttle_duration_sec=10.0)
