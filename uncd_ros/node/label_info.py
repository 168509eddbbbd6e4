# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`~/label_info`: what the label ids of the masks mean, of which model, and from which image on."""

from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header

from uncd_ros.classes import class_difference
from uncd_ros.errors import ConfigError
from uncd_ros.model.card import ModelCard

try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:  # no wheel has them: they come with a ROS distribution
    LabelInfo = None


class LabelInfoTopic:
    """A latched topic; without vision_msgs there is none."""

    def __init__(self, node: Node, topic: str) -> None:
        self._node = node
        self._published: tuple[object, ...] = ()
        """What the latest message says, without its stamp."""
        self._publisher: Publisher[LabelInfo] | None = None
        if LabelInfo is None:
            node.get_logger().info(f'vision_msgs is not installed: {node.resolve_topic_name(topic)} is not published')
            return
        self._publisher = node.create_publisher(
            LabelInfo,
            topic,
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def announce(self, card: ModelCard, threshold: float, since: Time) -> None:
        """Publish what the ids mean from the image with stamp `since` on, unless the latest message says so already.

        `threshold` is the confidence, in [0, 1], below which the mask holds 255 instead of an id. That is no class,
        and not listed: Nav2 complains of each class that its costmap does not configure.
        """
        names = [info.name for info in card.classes]
        content = (card.name, *names, threshold)
        if self._publisher is None or content == self._published:
            return
        # Labels lie in no frame of the robot: the field names the model, as `~/ood_status` does for each image.
        header = Header(stamp=since, frame_id=card.name)
        classes = [VisionClass(class_id=label, class_name=name) for label, name in enumerate(names)]
        self._publisher.publish(LabelInfo(header=header, class_map=classes, threshold=threshold))
        self._published = content

    def destroy(self) -> None:
        """Take the topic down."""
        if self._publisher:
            self._node.destroy_publisher(self._publisher)


def check_same_classes(before: ModelCard, after: ModelCard) -> None:
    """Raise ConfigError if label ids of one model mean something else in the other."""
    if difference := class_difference(before.classes, after.classes):
        raise ConfigError(
            f'model {after.name} has other classes than {before.name}, which is active: {difference};'
            ' set lock_classes to false if no consumer of the mask keeps label ids'
        )
