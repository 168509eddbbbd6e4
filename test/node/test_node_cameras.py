# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Three cameras, one model, one process."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from support.camera_double import Camera, picture
from support.ros_harness import Probe, perception_node
from uncd_ros.images.encodings import as_array
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model

NAMES = ['front', 'left', 'right']


@pytest.fixture(scope='module')
def cameras(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Camera]]:
    probe = Probe()
    with perception_node(tmp_path_factory.mktemp('node') / 'log.txt', tiny_model, cameras=NAMES) as process:
        cameras = {name: Camera(process, probe, name) for name in NAMES}
        for camera in cameras.values():
            camera.wait()
        yield cameras
        probe.close()


def test_each_camera_gets_its_own_answers(cameras: dict[str, Camera], tiny_model: Path) -> None:
    predictor = Predictor(load_model(tiny_model), device='cpu')
    images = {name: picture(height=40 + 10 * i, width=64 + 20 * i, seed=i) for i, name in enumerate(NAMES)}
    for _ in range(5):  # all at once, so that they share a batch
        for name, image in images.items():
            cameras[name].publisher.publish(image)
    for name, image in images.items():
        header = cameras[name].ask(image)
        mask = cameras[name].heard('mask', header)
        expected = predictor.predict(as_array(image)).labels
        assert np.mean(np.frombuffer(mask.data, np.uint8).reshape(expected.shape) == expected) > 0.999
        strangers = [other for other in NAMES if other != name and cameras[other].heard('mask', header)]
        assert strangers == []


def test_a_fast_camera_crowds_out_no_slow_one(cameras: dict[str, Camera]) -> None:
    before = {name: camera.settled() for name, camera in cameras.items()}
    end, sent = time.monotonic() + 5.0, 0
    while time.monotonic() < end:
        cameras['front'].publisher.publish(picture(height=480, width=640))
        if sent % 20 == 0:
            cameras['left'].publisher.publish(picture(height=48, width=64))
            cameras['right'].publisher.publish(picture(height=48, width=64))
        sent += 1
        cameras['front'].probe.within(0.002, lambda: False)
    after = {name: camera.settled() for name, camera in cameras.items()}

    def change(name: str, key: str) -> int:
        return int(after[name][key]) - int(before[name][key])

    assert change('front', 'dropped') > 0
    for name in ('left', 'right'):
        assert change(name, 'processed') >= 5
        assert change(name, 'dropped') <= 0.2 * change(name, 'received')


def test_faults_of_one_camera_are_not_the_others(cameras: dict[str, Camera]) -> None:
    before = {name: int(camera.settled()['faults']) for name, camera in cameras.items()}
    bad = picture()
    bad.data = bad.data[:7]
    cameras['left'].publisher.publish(bad)
    cameras['left'].probe.until(lambda: int(cameras['left'].counts()['faults']) == before['left'] + 1)
    found = cameras['left'].diagnostics()
    assert found['segmentation: left images'].message.startswith('truncated: ')
    assert int(cameras['right'].counts()['faults']) == before['right']
    for camera in cameras.values():
        camera.ask(picture())
