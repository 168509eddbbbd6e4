# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decisions about one camera: about its images by the worker's thread, about a stall by the executor's."""

import math
import threading
from dataclasses import dataclass, replace

from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from uncd_ros.images.camera_info import MatchedInfo
from uncd_ros.images.encodings import is_grey, named_encoding
from uncd_ros.model.calibration_check import ImageProperties
from uncd_ros.monitor.scene_monitor import Decision, SceneMonitor
from uncd_ros.node.messages import seconds
from uncd_ros.node.outputs import Outputs
from uncd_ros.node.worker import ActiveModel, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraState:
    """What is known after the latest image; replaced whole, so that the diagnostics read what belongs together."""

    alarms: int = 0
    """Times the flag has risen."""
    fault: str = ''
    """What is wrong with the latest image or its camera, or why there is no inference; empty if nothing is."""
    image_properties: ImageProperties | None = None
    """What the images are like; None before the first that can be decoded."""
    info_mismatches: int = 0
    """Images whose camera_info belongs to another image and states another size."""


class Decisions:
    """Decides about each image of one camera, and publishes that at once."""

    def __init__(self, outputs: Outputs, active: ActiveModel) -> None:
        self._outputs = outputs
        self._monitor = SceneMonitor(active.predictor.card.ood, active.params.alarm)
        self._lock = threading.Lock()
        """Held from a decision to its publication: the last one published is the last one made."""
        self.state = CameraState()

    def reconfigure(self, active: ActiveModel) -> None:
        """Decide by this from the next image on; a raised flag and the alarm count stay."""
        with self._lock:
            self._monitor.reconfigure(active.predictor.card.ood, active.params.alarm)

    def on_result(self, result: Result, matched: MatchedInfo[CameraInfo]) -> Decision:
        """Decide about an image, or about the error that came in place of it or of its prediction."""
        arrival, image, prediction = result.arrival, result.image, result.prediction
        seen, score = (prediction, math.nan) if isinstance(prediction, Exception) else (image, prediction.score)
        with self._lock:
            decision = self._monitor.update(
                seen,
                score,
                stamp=seconds(arrival.msg.header.stamp),
                arrival=arrival.time,
                stated_size=matched.stated_size,
            )
            self._outputs.publish_decision(arrival.msg.header, decision)
            self.state = CameraState(
                alarms=decision.alarms,
                fault=decision.fault,
                image_properties=_image_properties(arrival.msg, *image.shape[:2])
                if image.size
                else self.state.image_properties,
                info_mismatches=self.state.info_mismatches + (image.size > 0 and matched.misses(image.shape[:2])),
            )
        return decision

    def on_stall(self, header: Header, reason: str) -> None:
        """Raise the flag at once: no image is worked on, for `reason`."""
        with self._lock:
            decision = self._monitor.stalled(reason)
            self._outputs.publish_decision(header, decision)
            self.state = replace(self.state, alarms=decision.alarms, fault=decision.fault)


def _image_properties(msg: Image | CompressedImage, height: int, width: int) -> ImageProperties:
    return ImageProperties(height=height, width=width, encoding=named_encoding(msg), is_grey=is_grey(msg))
