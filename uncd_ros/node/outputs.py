# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics of one camera's results; what nobody listens to is not even computed."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Bool, Float32, Header

from uncd_ros.images.codec import encode_png
from uncd_ros.images.palette import colour_blind_safe, colour_table, framed, outlined, overlay
from uncd_ros.model.card import ModelCard
from uncd_ros.model.predictor import Prediction
from uncd_ros.monitor.rate_limit import RateLimit
from uncd_ros.monitor.scene_monitor import Decision
from uncd_ros.node.label_info import LabelInfoTopic
from uncd_ros.node.messages import ImageBuffer, ood_status, scaled_info
from uncd_ros.node.obstacle_topic import ObstacleTopic
from uncd_ros.node.params import NodeParams
from uncd_ros.node.planner_images import PlannerImages
from uncd_ros.obstacles.tracker import Obstacle

DEPTH = 5
"""Messages kept for a slow subscriber. Reliable, so that reliable and best-effort subscribers both match."""
PREVIEW_RATE = 10.0
"""Images per second: as many as a person needs to follow a scene, however fast the camera is."""
TOPICS: dict[str, type] = {
    'mask': Image,
    'mask/compressed': CompressedImage,
    'uncertainty': Image,
    'confidence': Image,
    'overlay': Image,
    'overlay_preview': Image,
    'anomaly': Image,
    'camera_info': CameraInfo,
    'ood': Bool,
    'ood_score': Float32,
    'ood_status': DiagnosticArray,
}


class Outputs:
    """Publishers for one camera, and the messages they reuse."""

    def __init__(self, node: Node, camera: str, card: ModelCard, params: NodeParams) -> None:
        """`camera` is its name, or empty for the only one; `card` is the model's."""
        self._node, self._camera = node, camera
        self._prefix = f'~/{camera}/' if camera else '~/'
        self._publishers = {
            topic: self._publisher(kind, topic, QoSProfile(depth=DEPTH)) for topic, kind in TOPICS.items()
        }
        self._label_info = LabelInfoTopic(node, f'{self._prefix}label_info')
        self._obstacles = ObstacleTopic(node, f'{self._prefix}obstacles', DEPTH)
        self._previews = RateLimit()
        self._buffers = {encoding: ImageBuffer(encoding) for encoding in ('mono8', '32FC1', 'rgb8')}
        self.reconfigure(card, params, node.get_clock().now().to_msg())

    def reconfigure(self, card: ModelCard, params: NodeParams, since: Time) -> None:
        """Publish what this model predicts, in these colours, from the image with stamp `since` on."""
        self._card, self._colours = card, _colours(card, params.palette)
        self._label_info.announce(card, params.abstain_confidence, since)

    def publish_decision(self, decision: Decision) -> None:
        """Publish the flag and the score of an image; why they are so is said by `publish_status`."""
        self._publishers['ood_score'].publish(Float32(data=decision.score))
        self._publishers['ood'].publish(Bool(data=decision.is_ood))

    def publish_status(
        self, header: Header, decision: Decision, obstacles: Sequence[Obstacle] | None, *, is_heartbeat: bool = False
    ) -> None:
        """Publish what led to the flag of an image, with its header; `obstacles` is None where nobody looked."""
        if self.is_wanted('ood_status'):
            status = ood_status(
                header,
                decision,
                node=self._node.get_fully_qualified_name(),
                camera=self._camera,
                model=self._card.name,
                is_heartbeat=is_heartbeat,
                boxes=None if obstacles is None else [each.box for each in obstacles],
            )
            self._publishers['ood_status'].publish(status)

    def publish_heartbeat(self, decision: Decision) -> None:
        """Publish the flag without an image, and why it is as it is, with the time now."""
        self._publishers['ood'].publish(Bool(data=decision.is_ood))
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self.publish_status(header, decision, None, is_heartbeat=True)

    def publish_info(self, header: Header, info: CameraInfo, size: tuple[int, int]) -> None:
        """Publish the camera_info of an image of this header and (height, width)."""
        if self.is_wanted('camera_info'):
            self._publishers['camera_info'].publish(scaled_info(info, header, *size))

    def publish_planner_images(self, header: Header, images: PlannerImages) -> None:
        """Publish what a planner gets of an image, with its header."""
        if self.is_wanted('mask'):
            self._fill('mask', 'mono8', header, images.labels)
        if self.is_wanted('mask/compressed'):
            data = encode_png(images.labels)
            png = CompressedImage(header=header, format='mono8; png compressed mono8', data=data)
            self._publishers['mask/compressed'].publish(png)
        if self.is_wanted('uncertainty'):
            self._fill('uncertainty', '32FC1', header, images.uncertainty)
        if images.confidence is not None and self.is_wanted('confidence'):
            self._fill('confidence', 'mono8', header, images.confidence)

    def publish_anomaly(
        self, header: Header, levels: NDArray[np.uint8] | None, obstacles: Sequence[Obstacle] | None
    ) -> None:
        """Publish the anomaly levels of an image, and the obstacles in it; None is not there."""
        if levels is not None and self.is_wanted('anomaly'):
            self._fill('anomaly', 'mono8', header, levels)
        if obstacles is not None:
            self._obstacles.publish(header, obstacles)

    def publish_overlay(
        self,
        header: Header,
        image: NDArray[np.uint8],
        prediction: Prediction,
        obstacles: Sequence[Obstacle] | None,
        *,
        is_ood: bool,
    ) -> None:
        """Publish a prediction drawn over its (H, W, 3) RGB image, for people; `is_ood` frames it.

        The preview is for who needs not every image: it is drawn only so often.
        """
        topics = ['overlay'] if self.is_wanted('overlay') else []
        if self.is_wanted('overlay_preview') and self._previews.admits(time.monotonic(), PREVIEW_RATE):
            topics.append('overlay_preview')
        if topics:
            upper = self._card.uncertainty.upper
            drawn = overlay(image, prediction.labels, prediction.uncertainty, self._colours, upper)
            drawn = outlined(drawn, [each.box for each in obstacles or ()])
            msg = self._buffers['rgb8'].fill(header, framed(drawn) if is_ood else drawn)
            for topic in topics:
                self._publishers[topic].publish(msg)

    def wants_anomaly(self) -> bool:
        """Whether anybody subscribes to what shows unknown things; the preview shows them if they are found anyway."""
        if self._card.anomaly is None:
            if self.is_wanted('anomaly') or self._obstacles.is_wanted():
                silent = f'model {self._card.name} has no anomaly score: ~/anomaly and ~/obstacles stay silent'
                self._node.get_logger().warning(silent, once=True)
            return False
        return self.is_wanted('anomaly') or self.is_wanted('overlay') or self._obstacles.is_wanted()

    def is_wanted(self, topic: str) -> bool:
        """Whether anybody subscribes to a topic of TOPICS."""
        return bool(self._publishers[topic].get_subscription_count())

    def destroy(self) -> None:
        """Take the topics down."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._label_info.destroy()
        self._obstacles.destroy()

    def _publisher(self, kind: type, topic: str, qos: QoSProfile) -> 'Publisher[Any]':
        options = QoSOverridingOptions.with_default_policies()
        return self._node.create_publisher(kind, f'{self._prefix}{topic}', qos, qos_overriding_options=options)

    def _fill(self, topic: str, encoding: str, header: Header, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> None:
        self._publishers[topic].publish(self._buffers[encoding].fill(header, pixels))


def _colours(card: ModelCard, palette: str) -> NDArray[np.uint8]:
    """(classes, 3) or more RGB; `palette` as in NodeParams."""
    own = tuple(info.color for info in card.classes)
    return colour_table(own if palette == 'model' else colour_blind_safe(len(own)))
