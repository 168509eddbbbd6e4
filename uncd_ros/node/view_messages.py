# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of the perception node -> what the page shows."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

from uncd_ros.images.encodings import as_array, read_pixels
from uncd_ros.images.palette import heat
from uncd_ros.node.discovery import FoundCamera
from uncd_ros.node.names import status_name
from uncd_ros.viewer.hub import Decision, Report

LEVELS = {
    DiagnosticStatus.OK: 'ok',
    DiagnosticStatus.WARN: 'warn',
    DiagnosticStatus.ERROR: 'error',
    DiagnosticStatus.STALE: 'stale',
}
Pixels = Callable[[], NDArray[np.uint8]]


def pixels(data: bytes, kind: type) -> Pixels:
    """(H, W, 3) RGB of an image message in CDR, read only when somebody wants to see it."""
    return lambda: as_array(deserialize_message(data, kind))


def heat_pixels(data: bytes, upper: float) -> Pixels:
    """The same of an uncertainty in [0, upper]."""
    return lambda: heat(read_pixels(deserialize_message(data, Image))[..., 0], upper)


def decision_of(msg: DiagnosticArray, time: float) -> Decision:
    """Of ~/ood_status, which came at so many seconds of a steady clock."""
    scene, health = msg.status
    values = {pair.key: pair.value for pair in scene.values}
    return Decision(
        time=time,
        score=_finite(values['score']),
        threshold=_finite(values['threshold']),
        is_ood=values['is_ood'] == 'True',
        reason=scene.message,
        fault='' if health.level == DiagnosticStatus.OK else health.message,
        alarms=int(values['alarms']),
    )


def report_of(msg: DiagnosticArray, node: str, cameras: Sequence[FoundCamera]) -> Report:
    """Of /diagnostics of the perception node of this full name."""
    statuses = {status.name: _facts(status) for status in msg.status}
    return Report(
        node=node,
        cameras={each.name: statuses[status_name(node, 'images', each.name)] for each in cameras},
        model=statuses.get(status_name(node, 'model'), {}),
    )


def _facts(status: DiagnosticStatus) -> dict[str, str]:
    values = {pair.key: pair.value for pair in status.values}
    return values | {'level': LEVELS[status.level], 'message': status.message}


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
