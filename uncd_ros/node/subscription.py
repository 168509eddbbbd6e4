# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A subscription that asks for what the publishers of its topic offer, and tells how many messages were lost."""

import threading
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy, qos_policy_name_from_kind
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription

from uncd_ros.node.names import kind_name
from uncd_ros.node.qos import best_reliability, explain_crowd, explain_silence, offers, overridden_reliability

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # its home in Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

DEPTH = 5
"""Messages that DDS may keep. One would be too few: the next image overwrites one that nobody has counted yet, and a
reliable publisher of large images waits for the reader. Old images do not pile up, for callbacks take no time."""


class AdaptiveSubscription:
    """Reliable if every publisher is, else best effort; made anew when that changes, and never after `destroy`.

    A camera image travels in many pieces, and with a plain camera driver a best-effort subscription loses most images
    for want of one of them: a reliable one has it sent again. But it does not match a best-effort publisher at all.

    As long as there is no publisher it is reliable, as most camera drivers are: then none of their images is lost.
    From a best-effort driver that starts later, images come once `follow_publishers` has found it.
    """

    def __init__(
        self,
        node: Node,
        kind: type,
        topic: str,
        callback: Callable[[Any], None],
        group: CallbackGroup,
        on_lost: Callable[[int], None] | None = None,
        *,
        depth: int = DEPTH,
        raw: bool = False,
    ) -> None:
        """`on_lost` is called with a number of messages that were sent and will never come; by the executor's thread.

        `depth` is how many messages DDS may keep; `callback` gets a message, or its CDR as bytes if `raw`.

        Raises ConfigError if the reliability is overridden by something that is none.
        """
        self.topic = node.resolve_topic_name(topic)
        """Its full name."""
        self._node, self._kind, self._name = node, kind, topic
        self._callback, self._group, self._on_lost = callback, group, on_lost
        self._depth, self._raw = depth, raw
        self._kind_name = kind_name(kind)
        overridden = overridden_reliability(node, self.topic)
        self._is_adaptive = overridden is None
        self._reliability = overridden or self._best_reliability(ReliabilityPolicy.RELIABLE)
        self._changing = threading.Lock()
        """Held while the subscription is made or destroyed: the node may be stopped by another thread meanwhile."""
        self._subscription: Subscription[Any] | None = self._create()

    def follow_publishers(self) -> None:
        """Ask for what the publishers offer by now. To be called by the executor's thread, between callbacks."""
        with self._changing:
            if self._subscription is None or not self._is_adaptive:
                return
            reliability = self._best_reliability(self._reliability)
            if reliability == self._reliability:
                return
            self._node.destroy_subscription(self._subscription)  # first, or images would come twice
            self._reliability = reliability
            self._subscription = self._create()
        self._node.get_logger().info(f'{self.topic} is now {reliability.name.lower()}, as its publishers offer')

    def explain_silence(self) -> str:
        """Why no message may come."""
        return explain_silence(self._node, self._name, self._kind_name, self._reliability)

    def explain_crowd(self) -> str:
        """Who else publishes on the topic, which is for one publisher; empty if nobody does."""
        return explain_crowd(offers(self._node, self._name), self.topic, self._kind_name)

    def destroy(self) -> None:
        """Take no more messages in."""
        with self._changing:
            if self._subscription is not None:
                self._node.destroy_subscription(self._subscription)
                self._subscription = None

    def _best_reliability(self, before: ReliabilityPolicy) -> ReliabilityPolicy:
        return best_reliability(offers(self._node, self._name), self._kind_name, before)

    def _create(self) -> 'Subscription[Any]':
        try:
            return self._create_with(self._count_lost() if self._on_lost else None)
        except UnsupportedEventTypeError:
            self._node.get_logger().warning(f'this middleware does not tell when a message on {self.topic} is lost')
            return self._create_with(None)

    def _create_with(self, message_lost: Callable[[Any], None] | None) -> 'Subscription[Any]':
        return self._node.create_subscription(
            self._kind,
            self._name,
            self._callback,
            QoSProfile(depth=self._depth, reliability=self._reliability),
            callback_group=self._group,
            event_callbacks=SubscriptionEventCallbacks(
                incompatible_qos=self._on_incompatible_qos, message_lost=message_lost
            ),
            qos_overriding_options=QoSOverridingOptions((QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH)),
            raw=self._raw,
        )

    def _count_lost(self) -> Callable[[Any], None]:
        """A callback for the events of one subscription, each of which tells its total so far."""
        total = 0

        def on_message_lost(event: Any) -> None:
            nonlocal total
            assert self._on_lost
            self._on_lost(event.total_count - total)
            total = event.total_count

        return on_message_lost

    def _on_incompatible_qos(self, event: Any) -> None:
        """Log what to set when a publisher offers less than is asked for."""
        policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        if self._is_adaptive and policy == 'reliability':
            return  # about to be followed
        self._node.get_logger().error(
            f'a publisher on {self.topic} offers less {policy} than this node asks for, so nothing will come from it:'
            f' start the node with the parameter qos_overrides.{self.topic}.subscription.{policy} as the publisher has'
            f' it (ros2 topic info -v {self.topic})'
        )
