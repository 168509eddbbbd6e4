# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays and decisions -> messages. Headers are copied unchanged from the camera image."""

import array
import copy
import json
import sys
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from uncd_ros.images.camera_info import stated_size
from uncd_ros.images.palette import Box
from uncd_ros.monitor.scene_monitor import Decision, decision_values
from uncd_ros.node.names import status_name


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


def ood_status(
    header: Header,
    decision: Decision,
    *,
    node: str,
    camera: str,
    model: str,
    is_heartbeat: bool,
    boxes: Sequence[Box] | None = None,
) -> DiagnosticArray:
    """The decision about one image with all that led to it, and the camera's health, stamped as that image.

    A heartbeat is stamped with the time now. `node` is the node's full name, `camera` the camera's or empty. `boxes`
    are those of the obstacles; None where nobody looked.
    """
    scene = DiagnosticStatus(
        level=DiagnosticStatus.WARN if decision.is_ood else DiagnosticStatus.OK,
        name=status_name(node, 'out of distribution', camera),
        message=decision.reason,
        hardware_id=model,
        values=key_values(
            **decision_values(decision),
            heartbeat=is_heartbeat,
            **({} if boxes is None else {'obstacles': json.dumps(boxes)}),
        ),
    )
    health = DiagnosticStatus(
        level=DiagnosticStatus.ERROR if decision.fault else DiagnosticStatus.OK,
        name=status_name(node, 'camera', camera),
        message=decision.fault or 'no fault',
        hardware_id=header.frame_id,
    )
    return DiagnosticArray(header=header, status=[scene, health])


def key_values(**values: object) -> list[KeyValue]:
    """The values of a diagnostic status."""
    return [KeyValue(key=key, value=str(value)) for key, value in values.items()]


def scaled_info(info: CameraInfo, header: Header, height: int, width: int) -> CameraInfo:
    """The camera_info of an image of this size and header: as it is, or scaled if the image has been."""
    scaled = copy.copy(info)
    scaled.header = header
    size = stated_size(info)
    if size is None or size == (height, width):
        return scaled
    # What was cut out and binned is so no more: the scaled numbers speak of the image alone.
    x = width / (size[1] * max(1, info.binning_x))
    y = height / (size[0] * max(1, info.binning_y))
    crop = np.array([[1.0, 0.0, -info.roi.x_offset], [0.0, 1.0, -info.roi.y_offset], [0.0, 0.0, 1.0]])
    resize = np.diag([x, y, 1.0]) @ crop
    scaled.height, scaled.width = height, width
    scaled.k = (resize @ np.reshape(info.k, (3, 3))).ravel()
    scaled.p = (resize @ np.reshape(info.p, (3, 4))).ravel()
    scaled.binning_x = scaled.binning_y = 0
    scaled.roi = RegionOfInterest()
    return scaled
