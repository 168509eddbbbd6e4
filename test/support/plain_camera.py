# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera driver that knows nothing of this project: rclpy and its defaults.

plain_camera.py WIDTH HEIGHT RATE IMAGES [best_effort]: sends once somebody listens, and tells how many in how long.
"""

import array
import json
import os
import sys
import time

import rclpy
from rclpy.duration import Duration
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image


def main() -> None:
    """Send, and stay for a while: what is on its way is sent again only by a process that is there."""
    width, height, rate, images = (int(word) for word in sys.argv[1:5])
    qos = QoSProfile(depth=10)
    if 'best_effort' in sys.argv:
        qos.reliability = ReliabilityPolicy.BEST_EFFORT
    rclpy.init()
    node = rclpy.create_node('plain_camera')
    publisher = node.create_publisher(Image, 'image_raw', qos)
    msg = Image(width=width, height=height, encoding='bgr8', step=3 * width)
    msg.data = array.array('B', os.urandom(3 * width * height))
    while not publisher.get_subscription_count():
        time.sleep(0.05)
    durations = []
    start = time.monotonic()
    for number in range(images):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        # On a machine that is too busy to carry so many: its ten images are not overwritten before they have arrived.
        publisher.wait_for_all_acked(Duration(seconds=20))
        msg.data[: 3 * width] = array.array('B', os.urandom(3 * width))  # a picture that stands still would be a fault
        msg.header.stamp = node.get_clock().now().to_msg()
        before = time.monotonic()
        publisher.publish(msg)
        durations.append(time.monotonic() - before)
    seconds = time.monotonic() - start
    print(json.dumps({'sent': images, 'seconds': seconds, 'publish_seconds': sorted(durations)}), flush=True)
    sys.stdin.read()  # until the test has seen what it wants to see
    rclpy.shutdown()


if __name__ == '__main__':
    main()
