# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""More images than the network can take: only the newest of each camera is kept, the others are counted."""

from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from support.camera_double import Camera, picture
from support.node_double import NodeDouble, node_in_process

NAMES = ['front', 'left', 'right']


def received(double: NodeDouble, name: str) -> int:
    (count,) = (camera.counts().received for camera in double.node._cameras if camera.name == name)
    return count


def send(double: NodeDouble, camera: Camera, name: str, image: object) -> None:
    """Send an image, and wait until the node has it."""
    before = received(double, name)
    camera.publisher.publish(image)
    camera.probe.until(lambda: received(double, name) > before)


def test_the_newest_image_is_next_and_the_others_are_dropped(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with node_in_process(monkeypatch, tiny_model) as (double, camera):
        camera.ask(picture())
        before = camera.settled()
        double.predicting.close()
        images = [picture(seed=seed) for seed in range(6)]
        send(double, camera, '', images[0])
        camera.probe.until(double.predicting.reached.is_set)  # at work; the others come meanwhile
        for image in images[1:]:
            send(double, camera, '', image)
        double.predicting.open()
        after = camera.settled()
        assert [int(after[key]) - int(before[key]) for key in ('received', 'processed', 'dropped')] == [6, 2, 4]
        decided = [image for image in images if camera.heard('ood_status', image.header)]
        assert decided == [images[0], images[-1]]


def test_a_fast_camera_crowds_out_no_slow_one(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with node_in_process(monkeypatch, tiny_model, cameras=NAMES) as (double, front):
        cameras = {'front': front} | {name: Camera(double, front.probe, name) for name in NAMES[1:]}
        for camera in cameras.values():
            camera.wait()
            camera.ask(picture())
        double.predicting.close()
        send(double, front, 'front', picture())
        front.probe.until(double.predicting.reached.is_set)
        slow = {name: picture(seed=7) for name in NAMES[1:]}
        for name, image in slow.items():
            send(double, cameras[name], name, image)
        for seed in range(10):
            send(double, front, 'front', picture(seed=seed))
        double.predicting.open()
        for name, image in slow.items():
            front.probe.until(lambda name=name, image=image: cameras[name].heard('ood_status', image.header))
            assert cameras[name].settled()['dropped'] == '0'
        assert front.settled()['dropped'] == '9'
