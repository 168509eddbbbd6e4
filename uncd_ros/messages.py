# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays, decisions and counts -> messages. Headers are copied unchanged from the camera image."""

import array
import sys

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from uncd_ros.ood import OodDecision
from uncd_ros.telemetry import Snapshot

NO_IMAGE_AFTER = 5.0
"""Seconds of silence after which the diagnostics warn."""


class ImageBuffer:
    """One Image message that is kept: a new image of the same size is written over the old one.

    Publishing serialises at once, so the memory is free again when `publish` returns. Handing over bytes
    instead would cost more than ten times as much for a large image.
    """

    def __init__(self, encoding: str) -> None:
        self._msg = Image(encoding=encoding, is_bigendian=sys.byteorder == 'big')

    def fill(self, header: Header, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> Image:
        """(H, W) or (H, W, channels) array of the encoding's type -> message, rows without padding."""
        msg = self._msg
        if len(msg.data) != pixels.nbytes:
            msg.data = array.array('B', bytes(pixels.nbytes))
        np.frombuffer(msg.data, pixels.dtype).reshape(pixels.shape)[...] = pixels
        msg.header = header
        msg.height, msg.width = pixels.shape[:2]
        msg.step = pixels.nbytes // pixels.shape[0]
        return msg


def seconds(stamp: Time) -> float:
    """A stamp as one number."""
    return float(stamp.sec + stamp.nanosec * 1e-9)


def ood_status(header: Header, decision: OodDecision, fault: str | None, *, model: str) -> DiagnosticArray:
    """The decision about one image with all that led to it, and the camera's health, stamped as that image.

    `fault` is what is wrong with the camera, if anything is.
    """
    scene = DiagnosticStatus(
        level=DiagnosticStatus.WARN if decision.is_ood else DiagnosticStatus.OK,
        name='segmentation: out of distribution',
        message=decision.reason,
        hardware_id=model,
        values=_values(
            is_ood=decision.is_ood,
            score=decision.score,
            threshold=decision.threshold,
            alarms=decision.alarms,
            false_alarm_rate=decision.false_alarm_rate,
            strange_per_hour=round(decision.strange_per_hour, 1),
        ),
    )
    camera = DiagnosticStatus(
        level=DiagnosticStatus.ERROR if fault else DiagnosticStatus.OK,
        name='segmentation: camera',
        message=fault or 'no fault',
        hardware_id=header.frame_id,
    )
    return DiagnosticArray(header=header, status=[scene, camera])


def diagnostics(stamp: Time, counts: Snapshot, *, topic: str, model: str, device: str) -> DiagnosticArray:
    """How the node is doing; `topic` is the resolved name of the camera topic."""
    p50, p95, p99 = counts.latency_ms
    level, message = DiagnosticStatus.OK, f'{counts.fps:.1f} images per second'
    if counts.silence > NO_IMAGE_AFTER:
        level, message = DiagnosticStatus.WARN, f'no image on {topic} for {counts.silence:.0f} s'
    status = DiagnosticStatus(
        level=level,
        name='segmentation: images',
        message=message,
        hardware_id=device,
        values=_values(
            received=counts.received,
            processed=counts.processed,
            dropped=counts.dropped,
            faults=counts.faults,
            fps=round(counts.fps, 2),
            latency_ms_p50=round(p50, 2),
            latency_ms_p95=round(p95, 2),
            latency_ms_p99=round(p99, 2),
            device=device,
            model=model,
        ),
    )
    return DiagnosticArray(header=Header(stamp=stamp), status=[status])


def _values(**values: object) -> list[KeyValue]:
    return [KeyValue(key=key, value=str(value)) for key, value in values.items()]
