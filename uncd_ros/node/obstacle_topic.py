# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`~/obstacles`: unknown things on the road, as detections without a class."""

from collections.abc import Sequence

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header

from uncd_ros.obstacles.tracker import Obstacle

try:
    from vision_msgs.msg import BoundingBox2D, Detection2D, Detection2DArray, ObjectHypothesisWithPose
except ImportError:  # no wheel has them: they come with a ROS distribution
    Detection2DArray = None

UNKNOWN = 'unknown'
"""Class of every detection."""


class ObstacleTopic:
    """Without vision_msgs there is none, and nobody wants it."""

    def __init__(self, node: Node, topic: str, depth: int) -> None:
        self._node = node
        self._publisher: Publisher[Detection2DArray] | None = None
        if Detection2DArray is None:
            node.get_logger().info(f'vision_msgs is not installed: {node.resolve_topic_name(topic)} is not published')
            return
        options = QoSOverridingOptions.with_default_policies()
        self._publisher = node.create_publisher(
            Detection2DArray, topic, QoSProfile(depth=depth), qos_overriding_options=options
        )

    def is_wanted(self) -> bool:
        """Whether anybody subscribes."""
        return self._publisher is not None and bool(self._publisher.get_subscription_count())

    def publish(self, header: Header, obstacles: Sequence[Obstacle]) -> None:
        """Publish those of an image with its header; none is news, too."""
        if self._publisher is not None and self.is_wanted():
            detections = [_detection(header, each) for each in obstacles]
            self._publisher.publish(Detection2DArray(header=header, detections=detections))

    def destroy(self) -> None:
        """Take the topic down."""
        if self._publisher:
            self._node.destroy_publisher(self._publisher)


def _detection(header: Header, obstacle: Obstacle) -> 'Detection2D':
    """Its score is the mean share of the calibration's pixels that are less anomalous; its id is that of the thing."""
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = UNKNOWN
    hypothesis.hypothesis.score = obstacle.level / 255.0
    box = BoundingBox2D(size_x=float(obstacle.width), size_y=float(obstacle.height))
    box.center.position.x = obstacle.left + obstacle.width / 2
    box.center.position.y = obstacle.top + obstacle.height / 2
    return Detection2D(header=header, results=[hypothesis], bbox=box, id=str(obstacle.number))
