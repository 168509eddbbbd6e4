# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics on which the node answers one camera; what nobody listens to is not even computed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Bool, Float32, Header

from uncd_ros.images.codec import encode_png
from uncd_ros.images.palette import colour_blind_safe, colour_table, framed, overlay
from uncd_ros.model.card import ModelCard
from uncd_ros.model.predictor import Prediction
from uncd_ros.monitor.scene_monitor import Decision
from uncd_ros.node.messages import ImageBuffer, ood_status, scaled_info

try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:  # no wheel has them: they come with a ROS distribution
    LabelInfo = None

DEPTH = 5
"""Messages kept for a slow subscriber. Reliable, so that reliable and best-effort subscribers both match."""
TOPICS: dict[str, type] = {
    'mask': Image,
    'mask/compressed': CompressedImage,
    'uncertainty': Image,
    'confidence': Image,
    'overlay': Image,
    'camera_info': CameraInfo,
    'ood': Bool,
    'ood_score': Float32,
    'ood_status': DiagnosticArray,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that is known about one image."""

    header: Header
    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    prediction: Prediction
    decision: Decision
    fault: str | None
    """What is wrong with the camera, if anything is."""
    info: CameraInfo | None
    """The latest of the camera, if it sends any."""


class Outputs:
    """Publishers for one camera, and the messages they reuse."""

    def __init__(self, node: Node, camera: str, card: ModelCard, palette: str) -> None:
        """`camera` is its name, or empty for the only one; `palette` as in NodeParams."""
        self._node = node
        self._prefix = f'~/{camera}/' if camera else '~/'
        self._publishers = {
            topic: self._publisher(kind, topic, QoSProfile(depth=DEPTH)) for topic, kind in TOPICS.items()
        }
        if LabelInfo is not None:
            latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
            self._publishers['label_info'] = self._publisher(LabelInfo, 'label_info', latched)
        self._buffers = {encoding: ImageBuffer(encoding) for encoding in ('mono8', '32FC1', 'rgb8')}
        self.serve(card, palette)

    def serve(self, card: ModelCard, palette: str) -> None:
        """Speak of this model from now on."""
        self._card = card
        own = tuple(each.color for each in card.classes)
        self._colours = colour_table(own if palette == 'model' else colour_blind_safe(len(own)))
        if LabelInfo is not None:
            stamp = self._node.get_clock().now().to_msg()
            classes = [VisionClass(class_id=i, class_name=each.name) for i, each in enumerate(card.classes)]
            self._publishers['label_info'].publish(LabelInfo(header=Header(stamp=stamp), class_map=classes))

    def decide(self, header: Header, decision: Decision, fault: str | None) -> None:
        """Publish the flag and what led to it, which is all there is to say about an image that cannot be read."""
        self._publishers['ood'].publish(Bool(data=decision.is_ood))
        self._publishers['ood_score'].publish(Float32(data=decision.score))
        if self.is_wanted('ood_status'):
            self._publishers['ood_status'].publish(ood_status(header, decision, fault, model=self._card.name))

    def publish(self, answer: Answer) -> None:
        """Publish all that was found in one image, with that image's header."""
        header, image, found = answer.header, answer.image, answer.prediction
        self.decide(header, answer.decision, answer.fault)
        if answer.info and self.is_wanted('camera_info'):
            self._publishers['camera_info'].publish(scaled_info(answer.info, header, *image.shape[:2]))
        if self.is_wanted('mask'):
            self._fill('mask', 'mono8', header, found.labels)
        if self.is_wanted('mask/compressed'):
            png = CompressedImage(header=header, format='mono8; png compressed mono8', data=encode_png(found.labels))
            self._publishers['mask/compressed'].publish(png)
        if self.is_wanted('uncertainty'):
            self._fill('uncertainty', '32FC1', header, found.uncertainty)
        if found.confidence is not None and self.is_wanted('confidence'):
            self._fill('confidence', 'mono8', header, found.confidence)
        if self.is_wanted('overlay'):
            drawn = overlay(image, found.labels, found.uncertainty, self._colours, self._card.uncertainty.upper)
            self._fill('overlay', 'rgb8', header, framed(drawn) if answer.decision.is_ood else drawn)

    def is_wanted(self, topic: str) -> bool:
        """Whether anybody listens to a topic of TOPICS."""
        return bool(self._publishers[topic].get_subscription_count())

    def destroy(self) -> None:
        """Take the topics down."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)

    def _publisher(self, kind: type, topic: str, qos: QoSProfile) -> 'Publisher[Any]':
        options = QoSOverridingOptions.with_default_policies()
        return self._node.create_publisher(kind, f'{self._prefix}{topic}', qos, qos_overriding_options=options)

    def _fill(self, topic: str, encoding: str, header: Header, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> None:
        self._publishers[topic].publish(self._buffers[encoding].fill(header, pixels))
