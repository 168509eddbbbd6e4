# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two ends of a topic that do not meet, as a sentence instead of as silence."""

from typing import Any

from rclpy.node import Node
from rclpy.qos import qos_policy_name_from_kind

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # its home in Humble
    from rclpy.qos_event import SubscriptionEventCallbacks


def explain_incompatible_qos(node: Node, topic: str) -> SubscriptionEventCallbacks:
    """Log what to set when a publisher on `topic` offers less than is asked for."""

    def explain(event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        name = node.resolve_topic_name(topic)
        node.get_logger().error(
            f'a publisher on {name} offers less {policy} than this node asks for, so nothing will come from it:'
            f' start the node with the parameter qos_overrides.{name}.subscription.{policy} as the publisher has it'
            f' (ros2 topic info -v {name})'
        )

    return SubscriptionEventCallbacks(incompatible_qos=explain)


def explain_silence(node: Node, topic: str, kind: str) -> str:
    """Why nothing may come on `topic`, by its full name; `kind` is its type, such as 'sensor_msgs/msg/Image'."""
    if node.count_publishers(topic):
        return 'it has a publisher, which sends nothing or with another QoS'
    own = f'{node.get_fully_qualified_name()}/'
    others = sorted(
        name
        for name, kinds in node.get_topic_names_and_types()
        if kind in kinds and not name.startswith(own) and node.count_publishers(name)
    )
    if others:
        return f'nobody publishes it, but there is {", ".join(others)}: remap image_raw'
    return f'nobody publishes it, nor any other {kind}'
