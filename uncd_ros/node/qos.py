# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What publishers of a topic offer, what to ask for, and two ends that do not meet: as a sentence, not as silence."""

from collections.abc import Sequence
from dataclasses import dataclass

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy

from uncd_ros.errors import ConfigError

AS_OFFERED = 'best_available'
"""Of the parameter that overrides the reliability: ask for what the publishers offer."""
OVERRIDES = ('reliable', 'best_effort', 'system_default', AS_OFFERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one publisher of a topic offers."""

    kind: str
    """Type of its messages, such as 'sensor_msgs/msg/Image'."""
    reliability: ReliabilityPolicy
    node: str
    """Full name of the node that publishes."""


def offers(node: Node, topic: str) -> list[Offer]:
    """Of all publishers that are known by now; `topic` as the node calls it, which rclpy resolves."""
    return [
        Offer(
            kind=each.topic_type,
            reliability=each.qos_profile.reliability,
            node=f'{each.node_namespace.rstrip("/")}/{each.node_name}',
        )
        for each in node.get_publishers_info_by_topic(topic)
    ]


def best_reliability(offered: Sequence[Offer], kind: str, before: ReliabilityPolicy) -> ReliabilityPolicy:
    """To ask for messages of type `kind`: reliable if every publisher is, else best effort, which all of them match.

    `before` while there is no publisher.
    """
    reliabilities = {each.reliability for each in offered if each.kind == kind}
    if not reliabilities:
        return before
    return (
        ReliabilityPolicy.RELIABLE if reliabilities == {ReliabilityPolicy.RELIABLE} else ReliabilityPolicy.BEST_EFFORT
    )


def override_name(topic: str) -> str:
    """The parameter that overrides the reliability of the subscription to `topic`, a full name."""
    return f'qos_overrides.{topic}.subscription.reliability'


def overridden_reliability(node: Node, topic: str) -> ReliabilityPolicy | None:
    """What the user wants to ask for on `topic`, a full name; None if it shall be what the publishers offer.

    Not left to rclpy, which would declare as the parameter's value what is asked for at first, and never change it.
    """
    name = override_name(topic)
    if not node.has_parameter(name):
        text = f'reliability of the subscription to {topic}: {", ".join(OVERRIDES)} (what its publishers offer)'
        node.declare_parameter(name, AS_OFFERED, ParameterDescriptor(description=text, read_only=True))
    value = node.get_parameter(name).value
    if value not in OVERRIDES:
        raise ConfigError(f"parameter {name} is '{value}', expected {', '.join(OVERRIDES)}")
    return None if value == AS_OFFERED else ReliabilityPolicy[value.upper()]


def explain_crowd(offered: Sequence[Offer], topic: str, kind: str) -> str:
    """Who publishes on a topic that is for one publisher of type `kind`; empty where it has no more."""
    nodes = sorted(each.node for each in offered if each.kind == kind)
    if len(nodes) < 2:
        return ''
    return f'{topic} has {len(nodes)} publishers, {" and ".join(nodes)}, expected 1: their images are mixed'


def explain_silence(node: Node, topic: str, kind: str, asked: ReliabilityPolicy) -> str:
    """Why nothing may come on `topic`, as the node calls it; `asked` is the subscription's reliability."""
    offered = offers(node, topic)
    if offered:
        return explain_silent_publishers(offered, node.resolve_topic_name(topic), kind, asked)
    packed = f'{node.resolve_topic_name(topic)}/compressed'
    if kind.endswith('/Image') and node.count_publishers(packed):
        return f'nobody publishes it, but there is {packed}: set image_transport to compressed'
    own = f'{node.get_fully_qualified_name()}/'
    others = sorted(
        name
        for name, kinds in node.get_topic_names_and_types()
        if kind in kinds and not name.startswith(own) and node.count_publishers(name)
    )
    if others:
        return f'nobody publishes it, but there is {", ".join(others)}: remap image_raw'
    return f'nobody publishes it, nor any other {kind}'


def explain_silent_publishers(offered: Sequence[Offer], topic: str, kind: str, asked: ReliabilityPolicy) -> str:
    """Why nothing may come from the publishers that there are."""
    fitting = [each for each in offered if each.kind == kind]
    if not fitting:
        return f'it has a publisher, which sends {offered[0].kind}, expected {kind}'
    unmatched = asked == ReliabilityPolicy.RELIABLE and ReliabilityPolicy.BEST_EFFORT in {
        each.reliability for each in fitting
    }
    if unmatched:
        return f'it has a publisher, which offers best_effort, less than {override_name(topic)} asks for'
    return 'it has a publisher, which sends nothing'
