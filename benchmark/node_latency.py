# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node, from an image that is published to its mask, beside the bare predictor at the same rate, in turns.

Sender and listener are this process, which sleeps between images. Masks are first compared with the predictor's.

    python benchmark/node_latency.py [MODEL] [--engine torch] [--rate 8] [--images 40] [--rounds 3]
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from uncd_ros.images.encodings import as_array
from uncd_ros.model.engine_wish import EngineWish
from uncd_ros.model.fallback_predictor import load_predictor
from uncd_ros.node.demo import process
from uncd_ros.node.domain import free_domain
from uncd_ros.node.messages import ImageBuffer
from uncd_ros.node.transport import large_image_environment
from uncd_ros.stopwatch import Stopwatch
from uncd_ros.street.drive import StreetDrive

START_WITHIN = 120.0
"""Seconds."""


class Robot(Node):
    """Publishes an image and waits for its mask."""

    def __init__(self) -> None:
        super().__init__('latency')
        self._publisher = self.create_publisher(Image, 'image_raw', 10)
        self._buffer = ImageBuffer('rgb8')
        self._mask: Image | None = None
        self.create_subscription(Image, '/segmentation/mask', self._on_mask, 10)

    def _on_mask(self, msg: Image) -> None:
        self._mask = msg

    def ask(self, image: NDArray[np.uint8], number: int) -> NDArray[np.uint8] | None:
        """The mask of an image; None if none comes within two seconds."""
        self._mask = None
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=str(number))
        self._publisher.publish(self._buffer.fill(header, image))
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            rclpy.spin_once(self, timeout_sec=0.5)
            if self._mask is not None and self._mask.header.frame_id == str(number):
                return as_array(self._mask)[..., 0]
        return None


def paced(rate: float, images: list[NDArray[np.uint8]], run: Callable[[NDArray[np.uint8], int], object]) -> list[float]:
    """Milliseconds of each run, begun at this rate."""
    times = []
    start = time.monotonic()
    for number, image in enumerate(images):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        began = time.perf_counter()
        run(image, number)
        times.append(1e3 * (time.perf_counter() - began))
    return times


def measure(given: argparse.Namespace) -> tuple[list[float], list[float], str]:
    """Milliseconds of the bare predictor and of the node; and which engine ran."""
    os.environ.update(large_image_environment(os.environ))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    os.environ['ROS_DOMAIN_ID'] = str(free_domain())
    wish = EngineWish(engine=given.engine, precision=given.precision)
    predictor = load_predictor(given.model, 'cpu', wish=wish, check=lambda: None)
    drive = StreetDrive(height=predictor.card.student.input_height, width=predictor.card.student.input_width)
    images = [drive.scene(frame).image for frame in range(given.images)]
    rclpy.init()
    robot, bare, node = Robot(), [], []
    with ExitStack() as running:
        values = {'model': given.model, 'engine': given.engine, 'precision': given.precision}
        running.enter_context(process('perception_node', **values))
        end = time.monotonic() + START_WITHIN
        while (mask := robot.ask(images[0], -1)) is None and time.monotonic() < end:
            pass
        (expected,) = predictor.predict(images[:1], Stopwatch())
        if mask is None or np.mean(mask == expected.labels) < 0.99:
            sys.exit('FAILED: the node gives no mask, or another than the predictor')
        for _ in range(given.rounds):
            bare += paced(given.rate, images, lambda image, _: predictor.predict([image], Stopwatch()))[2:]
            node += paced(given.rate, images, robot.ask)[2:]
    rclpy.try_shutdown()
    return bare, node, predictor.engine_summary


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', nargs='?', default='camvid', help='model folder, or name of a built-in model')
    parser.add_argument('--engine', default='torch', help='of the node and of the bare predictor (%(default)s)')
    parser.add_argument('--precision', default='auto')
    parser.add_argument('--rate', type=float, default=8.0, help='images per second (%(default)s)')
    parser.add_argument('--images', type=int, default=40, help='per round and side (%(default)s)')
    parser.add_argument('--rounds', type=int, default=3)
    given = parser.parse_args()
    bare, node, summary = measure(given)
    for name, times in (('bare predictor', bare), ('node', node)):
        p50, p99 = np.percentile(times, (50, 99))
        print(f'{name:16} p50 {p50:6.1f} ms  p99 {p99:6.1f} ms')
    ratios = np.percentile(node, (50, 99)) / np.percentile(bare, (50, 99))
    print(f'node / bare      p50 {ratios[0]:6.2f}     p99 {ratios[1]:6.2f}   ({summary})')
    return 0


if __name__ == '__main__':
    sys.exit(main())
