# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to the node while a bag is played to it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from struct import unpack_from

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import Image

from uncd_ros.node.names import status_values
from uncd_ros.node.recorder import CAMERA, DIAGNOSTICS, IMAGES_STATUS, MASK, OOD_STATUS

COUNTS = ('received', 'processed', 'dropped', 'faults')
"""Of images, in the node's diagnostics."""


class Listener(Node):
    """Takes the time of every mask, every decision, and the node's own counts."""

    def __init__(self) -> None:
        super().__init__('listener')
        self.stamps: list[float] = []
        self.latencies: list[float] = []
        """Seconds each, of the images whose masks have come since `begin`."""
        self.sent_stamps: list[int] = []
        """Nanoseconds of each image that came while `watching_camera`."""
        self.decisions: dict[int, tuple[bool, float]] = {}
        """Stamp of an image -> flag and score, since `begin`."""
        self.counts: dict[str, int] = {}
        self.device = ''
        self.create_subscription(Image, MASK, self._on_mask, 50)
        self.create_subscription(DiagnosticArray, OOD_STATUS, self._on_status, 50)
        self.create_subscription(DiagnosticArray, DIAGNOSTICS, self._on_diagnostics, 10)

    def begin(self) -> None:
        """Forget the masks and decisions so far."""
        self.stamps.clear()
        self.latencies.clear()
        self.decisions.clear()

    @contextmanager
    def watching_camera(self) -> Iterator[None]:
        """Take the stamps of the images, too."""
        subscription = self.create_subscription(Image, CAMERA, self._on_image, 50, raw=True)
        yield
        self.destroy_subscription(subscription)

    def subscriptions_of_node(self) -> list[str]:
        """Who subscribed to the camera, a sentence each."""
        return [
            f'{each.node_namespace.rstrip("/")}/{each.node_name} subscribed to {CAMERA} ({each.topic_type}, '
            f'{each.qos_profile.reliability.name.lower()})'
            for each in self.get_subscriptions_info_by_topic(CAMERA)
        ]

    def connected(self) -> bool:
        """Whether the node subscribes to the camera and publishes."""
        return bool(self.count_subscribers(CAMERA) and self.count_publishers(MASK) and self.counts)

    def settled(self) -> bool:
        """Whether the node has accounted for all it received."""
        return sum(self.counts[key] for key in COUNTS[1:]) == self.counts['received']

    def _on_mask(self, msg: Image) -> None:
        stamp = msg.header.stamp.sec + msg.header.stamp.nanosec * 1e-9
        self.stamps.append(stamp)
        self.latencies.append(time.time() - stamp)

    def _on_image(self, cdr: bytes) -> None:
        sec, nanosec = unpack_from(
            '<iI', cdr, 4
        )  # the header comes first, behind four bytes that say how it is written
        self.sent_stamps.append(sec * 10**9 + nanosec)

    def _on_status(self, msg: DiagnosticArray) -> None:
        values = {pair.key: pair.value for pair in msg.status[0].values}
        if values['heartbeat'] == 'False':
            stamp = msg.header.stamp.sec * 10**9 + msg.header.stamp.nanosec
            self.decisions[stamp] = (values['is_ood'] == 'True', float(values['score']))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        if values := status_values(msg, IMAGES_STATUS):
            self.counts = {key: int(values[key]) for key in COUNTS}
            self.device = values['device']
