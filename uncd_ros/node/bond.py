# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bond that Nav2's lifecycle manager wants: a sign of life on the topic `bond` while the node is active.

The messages come with Nav2. bondpy does not, and is not used: it would also listen to the manager, by a callback that
waits while a model is loaded, and declare the bond broken meanwhile. The manager's side needs no more than this.
"""

import uuid

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]  # its home in Humble and since
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.timer import Timer
from std_msgs.msg import Header

try:
    from bond.msg import Status
except ImportError:  # no wheel has them: they come with a ROS distribution
    Status = None

TOPIC = 'bond'
PERIOD = 0.25
"""Seconds between two signs of life, as between those of Nav2."""
TIMEOUT = 4.0
"""Seconds of silence after which Nav2 gives a node up; its default, sent for information only."""


class ManagerBond:
    """From activation to deactivation, for a node that a lifecycle manager activates."""

    def __init__(self, node: Node, group: CallbackGroup) -> None:
        """`group` is that of callbacks which never wait."""
        self._node, self._group = node, group
        self._publisher: Publisher[Status] | None = None
        """Made with the first bond, then kept: the timer may be at work while the bond ends."""
        self._timer: Timer | None = None
        self._instance = ''
        """A name that nobody else has; another one for each bond."""

    def start(self) -> None:
        """Show the manager that the node lives, from now on."""
        if Status is None:
            self._node.get_logger().info(
                'the messages of bond are not installed: Nav2\'s lifecycle manager needs "bond_timeout: 0.0"'
            )
            return
        self._publisher = self._publisher or self._node.create_publisher(Status, TOPIC, 5)
        self._instance = str(uuid.uuid4())
        clock = Clock(clock_type=ClockType.STEADY_TIME)  # goes on while a simulation is paused
        self._timer = self._node.create_timer(PERIOD, self._beat, callback_group=self._group, clock=clock)

    def stop(self) -> None:
        """Say that the node is deactivated; a process that ends says no more, and the manager notices by itself."""
        if self._timer is None:
            return
        self._node.destroy_timer(self._timer)
        self._timer = None
        if self._node.context.ok():
            self._publish(active=False)

    def _beat(self) -> None:
        self._publish(active=True)

    def _publish(self, *, active: bool) -> None:
        assert self._publisher
        status = Status(
            header=Header(stamp=self._node.get_clock().now().to_msg()),
            id=self._node.get_name(),
            instance_id=self._instance,
            active=active,
            heartbeat_timeout=TIMEOUT,
            heartbeat_period=PERIOD,
        )
        self._publisher.publish(status)
