# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes that are set up otherwise: compressed images, and any QoS."""

import functools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image

from support.camera_double import Camera, picture
from support.ros_harness import Probe, perception_node
from uncd_ros.images.encodings import as_array
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_compressed_images_are_taken(tiny_model: Path, tmp_path: Path, suffix: str) -> None:
    raw = picture()
    data = cv2.imencode(suffix, as_array(raw)[..., ::-1])[1].tobytes()
    seen = np.ascontiguousarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])
    expected = Predictor(load_model(tiny_model), device='cpu').predict(seen)
    probe = Probe()
    with perception_node(tmp_path / 'log.txt', tiny_model, image_transport='compressed') as process:
        camera = Camera(process, probe, kind=CompressedImage)
        camera.wait()
        msg = CompressedImage(header=raw.header, format=f'bgr8; {suffix[1:]} compressed bgr8', data=data)
        mask = camera.heard('mask', camera.ask(msg))
        assert np.mean(np.frombuffer(mask.data, np.uint8).reshape(48, 64) == expected.labels) > 0.999
        faults = int(camera.settled()['faults'])
        camera.publisher.publish(CompressedImage(header=raw.header, format='jpeg', data=data[:99]))
        camera.probe.until(lambda: int(camera.counts()['faults']) == faults + 1)
        assert 'compressed image of 99 bytes' in process.output
    probe.close()


def test_qos_of_every_topic_can_be_overridden(tiny_model: Path, tmp_path: Path) -> None:
    overrides = {
        'qos_overrides./image_raw.subscription.reliability': 'reliable',
        'qos_overrides./segmentation/mask.publisher.reliability': 'best_effort',
    }
    probe = Probe()
    with perception_node(tmp_path / 'log.txt', tiny_model, **overrides) as process:
        camera = Camera(process, probe)
        topics = ('/segmentation/mask', '/segmentation/overlay')
        probe.until(lambda: all(map(probe.node.count_publishers, topics)), 60.0)
        (mask,) = probe.node.get_publishers_info_by_topic('/segmentation/mask')
        (overlay,) = probe.node.get_publishers_info_by_topic('/segmentation/overlay')
        assert mask.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
        assert overlay.qos_profile.reliability == ReliabilityPolicy.RELIABLE
        (image,) = probe.until(lambda: probe.node.get_subscriptions_info_by_topic('/image_raw'))
        assert image.qos_profile.reliability == ReliabilityPolicy.RELIABLE
        assert camera.publisher.topic_name == '/image_raw'
        # A best-effort camera cannot serve a reliable subscription: that is said, not left to be found out.
        probe.node.create_publisher(Image, 'image_raw', qos_profile_sensor_data)
        told = 'a publisher on /image_raw offers less reliability than this node asks for, so nothing will come from it'
        probe.until(lambda: told in process.output)
        assert 'qos_overrides./image_raw.subscription.reliability' in process.output
    probe.close()


@pytest.mark.parametrize('reliability', list(ReliabilityPolicy)[1:3])
def test_both_kinds_of_camera_match(tiny_model: Path, tmp_path: Path, reliability: ReliabilityPolicy) -> None:
    probe = Probe()
    with perception_node(tmp_path / 'log.txt', tiny_model) as process:
        camera = Camera(process, probe, qos=QoSProfile(depth=5, reliability=reliability))
        camera.wait()
        heard: list[Image] = []
        probe.node.create_subscription(
            Image, '/segmentation/mask', heard.append, QoSProfile(depth=5, reliability=reliability)
        )
        image = picture()
        camera.ask(image)
        probe.until(lambda: any(msg.header == image.header for msg in heard) or camera.publisher.publish(image))
    probe.close()


def test_camera_that_changes_is_followed_and_no_image_counts_twice(tiny_model: Path, tmp_path: Path) -> None:
    probe = Probe()
    with perception_node(tmp_path / 'log.txt', tiny_model) as process:
        camera = Camera(process, probe)
        camera.wait()
        sent = 0

        def is_asked(reliability: ReliabilityPolicy) -> bool:
            infos = probe.node.get_subscriptions_info_by_topic('/image_raw')
            return [info.qos_profile.reliability for info in infos] == [reliability]

        def send_until(condition: Callable[[], object], image: Image) -> None:
            def sent_and_done() -> object:
                nonlocal sent
                camera.publisher.publish(image)
                sent += 1
                return condition()

            probe.until(sent_and_done)

        for reliability in (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE):
            probe.until(lambda: is_asked(ReliabilityPolicy.RELIABLE))
            second = probe.node.create_publisher(Image, 'image_raw', QoSProfile(depth=5, reliability=reliability))
            send_until(functools.partial(is_asked, reliability), picture())
            image = picture()
            send_until(functools.partial(camera.heard, 'ood_status', image.header), image)
            probe.node.destroy_publisher(second)
        assert 'image_raw is now best_effort' in process.output
        assert 'image_raw is now reliable' in process.output
        assert 0 < int(camera.settled()['received']) <= sent
        assert 'offers less' not in process.output
    probe.close()


def test_wrong_topic_is_told_the_right_one(tiny_model: Path, tmp_path: Path) -> None:
    probe = Probe()
    probe.node.create_publisher(Image, '/camera/color/image', 5)
    with perception_node(tmp_path / 'log.txt', tiny_model, silent_after=0.1) as process:
        told = 'nobody publishes it, but there is /camera/color/image: remap image_raw'
        probe.until(lambda: told in process.output, 60.0)
    probe.close()
