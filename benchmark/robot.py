# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera and planner of a node that is a process of its own: they send images and note when each result arrives.

Imported before torch: then the bare predictor in this process has the settings of OpenMP that `uncd_ros.node` gives to
the node, and both wait in the same way.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from subprocess import Popen

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from numpy.typing import NDArray
from rclpy.executors import SingleThreadedExecutor, TimeoutException
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Bool, Header

from uncd_ros.errors import UncdError
from uncd_ros.images.encodings import as_array
from uncd_ros.model.engine_wish import EngineWish
from uncd_ros.node.child import process
from uncd_ros.node.domain import free_domain
from uncd_ros.node.messages import ImageBuffer
from uncd_ros.node.transport import large_image_environment
from uncd_ros.street.drive import StreetDrive

START_WITHIN = 60.0
"""Seconds from the start of a node to its first mask."""
LAST_WITHIN = 2.0
"""Seconds in which the results of the last image must come."""


class Robot(Node):
    """Sleeps between images. Results belong to the image whose frame_id they carry."""

    def __init__(self, topics: Sequence[str]) -> None:
        """Listens to `mask` and to more of the node's images, and to its flag and diagnostics."""
        super().__init__('robot')
        self._publisher = self.create_publisher(Image, 'image_raw', 10)
        self._buffer = ImageBuffer('rgb8')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        self.masks: dict[str, tuple[float, Image]] = {}
        """frame_id -> time of arrival, seconds, and the message."""
        self.reports = 0
        self.values: dict[str, str] = {}
        """Of the node's latest diagnostics."""
        self.create_subscription(Image, '/segmentation/mask', self._on_mask, 10)
        for topic in topics:
            self.create_subscription(Image, f'/segmentation/{topic}', lambda _: None, 10)
        self.create_subscription(Bool, '/segmentation/ood', lambda _: None, 10)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def _on_mask(self, msg: Image) -> None:
        self.masks[msg.header.frame_id] = (time.perf_counter(), msg)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        self.reports += 1
        self.values = {each.key: each.value for status in msg.status for each in status.values}

    def first_mask(self, image: NDArray[np.uint8], node: 'Popen[str]') -> NDArray[np.uint8]:
        """(H, W) labels of an image that is sent until the node answers. Raises UncdError if it does not."""
        end = time.monotonic() + START_WITHIN
        while time.monotonic() < end and node.poll() is None:
            self.send(image, 'first')
            self.spin(0.05, until='first')
            if 'first' in self.masks:
                return as_array(self.masks['first'][1])[..., 0]
        raise UncdError('the node gives no mask; its last lines above say why')

    def stream(self, images: Sequence[NDArray[np.uint8]], rate: float, count: int) -> list[float]:
        """Milliseconds from each image that was sent to its mask, at this rate; those without a mask are missing."""
        self.masks.clear()
        sent: dict[str, float] = {}
        start = time.perf_counter()
        for number in range(count):
            self.spin(start + number / rate - time.perf_counter())
            name = str(number)
            sent[name] = time.perf_counter()
            self.send(images[number % len(images)], name)
        self.spin(LAST_WITHIN, until=name)
        return [1e3 * (self.masks[name][0] - then) for name, then in sent.items() if name in self.masks]

    def stages(self) -> dict[str, float]:
        """Median milliseconds of each stage, by the node's next diagnostics."""
        end, seen = time.monotonic() + 5.0, self.reports
        while self.reports < seen + 2 and time.monotonic() < end:  # the next one may be from before the last image
            self.spin(0.1)
        suffix = '_ms_p50'
        return {name.removesuffix(suffix): float(self.values[name]) for name in self.values if name.endswith(suffix)}

    def send(self, image: NDArray[np.uint8], name: str) -> None:
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=name)
        self._publisher.publish(self._buffer.fill(header, image))

    def spin(self, seconds: float, until: str = '') -> None:
        """Take in what comes, for so long, or until the mask of this name is there."""
        end = time.perf_counter() + seconds
        with suppress(TimeoutException):
            while (left := end - time.perf_counter()) > 0 and until not in self.masks:
                self._executor.spin_once(timeout_sec=left)


def street(height: int, width: int, count: int = 8) -> list[NDArray[np.uint8]]:
    """(height, width, 3) RGB."""
    drive = StreetDrive(height=height, width=width)
    return [drive.scene(frame).image for frame in range(count)]


@contextmanager
def ros() -> Iterator[None]:
    """A domain of its own, with the settings that this package gives to large images."""
    os.environ.update(large_image_environment(os.environ))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    os.environ['ROS_DOMAIN_ID'] = str(free_domain())
    rclpy.init()
    try:
        yield
    finally:
        rclpy.try_shutdown()


@contextmanager
def running(model: str, wish: EngineWish, *topics: str) -> Iterator[tuple[Robot, 'Popen[str]']]:
    """A node of this engine, and a robot that also listens to these topics."""
    robot = Robot(topics)
    try:
        with process('perception_node', model=model, engine=wish.engine, precision=wish.precision) as node:
            yield robot, node
    finally:
        robot.destroy_node()
