# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Large images between two processes: how many of 2048x1024 at 20 Hz arrive, how soon, at what cost.

python benchmark/transport.py [--seconds 10]
"""

import argparse
import os
import resource
import subprocess
import sys
import time

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from uncd_ros.images.encodings import as_array
from uncd_ros.node.messages import ImageBuffer
from uncd_ros.node.messages import seconds as stamp_seconds
from uncd_ros.node.telemetry import percentiles_ms
from uncd_ros.node.transport import large_image_environment

HEIGHT, WIDTH, RATE = 1024, 2048, 20.0
DOMAIN = str(os.getpid() % 100 + 101)


def send(seconds: float) -> None:
    """The camera: waits for its subscriber, then keeps its rate."""
    rclpy.init()
    node = rclpy.create_node('camera')
    publisher = node.create_publisher(Image, 'image_raw', 10)
    while not publisher.get_subscription_count():
        time.sleep(0.05)
    time.sleep(0.5)
    buffer = ImageBuffer('bgr8')
    images = frames()
    start = time.monotonic()
    for i in range(round(seconds * RATE)):
        time.sleep(max(0.0, start + i / RATE - time.monotonic()))
        header = Header(stamp=node.get_clock().now().to_msg(), frame_id=str(i))
        publisher.publish(buffer.fill(header, images[i % 4]))
    time.sleep(1.0)  # the last images are still on their way
    rclpy.try_shutdown()


def receive(seconds: float, name: str) -> int:
    """The robot's side; prints a line and returns how many images were lost."""
    rclpy.init()
    node = rclpy.create_node('robot')
    ages: dict[int, float] = {}
    samples: dict[int, Image] = {}

    def take(msg: Image) -> None:
        age = node.get_clock().now().nanoseconds * 1e-9 - stamp_seconds(msg.header.stamp)
        number = int(msg.header.frame_id)
        ages[number] = age
        if len(samples) < 4:
            samples[number % 4] = msg

    node.create_subscription(Image, 'image_raw', take, qos_profile_sensor_data)
    total = round(seconds * RATE)
    end = time.monotonic() + seconds + 10.0
    while total - 1 not in ages and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    used = resource.getrusage(resource.RUSAGE_SELF)
    check(samples)
    p50, p95, _ = percentiles_ms(list(ages.values()))
    cpu = 1e3 * (used.ru_utime + used.ru_stime) / max(1, len(ages))
    print(
        f'{name:28} {len(ages):4} of {total} arrived   latency p50 {p50:6.1f} ms  p95 {p95:6.1f} ms'
        f'   {cpu:5.1f} ms of CPU an image, receiving, start included'
    )
    rclpy.try_shutdown()
    return total - len(ages)


def frames() -> NDArray[np.uint8]:
    """(4, HEIGHT, WIDTH, 3), the same in each process."""
    return np.random.default_rng(0).integers(0, 256, (4, HEIGHT, WIDTH, 3), np.uint8)


def check(samples: dict[int, Image]) -> None:
    """Parity: what arrived is what was sent. After the images, for it takes longer than one of them may."""
    expected = frames()
    for number, msg in samples.items():
        np.testing.assert_array_equal(as_array(msg)[..., ::-1], expected[number])


def pair(seconds: float, name: str, environment: dict[str, str]) -> int:
    """Both processes; the receiver's exit status."""
    command = [sys.executable, __file__, '--seconds', str(seconds), '--name', name]
    camera = subprocess.Popen([*command, '--role', 'camera'], env=environment)
    try:
        return subprocess.run([*command, '--role', 'robot'], env=environment, check=False).returncode
    finally:
        camera.wait(seconds + 30.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=10.0, help='how long the camera sends')
    parser.add_argument('--role', choices=('both', 'camera', 'robot'), default='both', help='for the processes within')
    parser.add_argument('--name', default='', help='for the processes within')
    given = parser.parse_args()
    if given.role == 'camera':
        send(given.seconds)
        return 0
    if given.role == 'robot':
        return int(receive(given.seconds, given.name) > 0)
    bare = os.environ | {'ROS_DOMAIN_ID': DOMAIN, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    print(f'{WIDTH}x{HEIGHT} bgr8 at {RATE:g} Hz for {given.seconds:g} s, two processes')
    pair(given.seconds, 'as it comes', bare)
    return pair(given.seconds, 'with the settings of ours', bare | large_image_environment(bare))


if __name__ == '__main__':
    sys.exit(main())
