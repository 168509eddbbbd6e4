# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node publishes while the flag is up: the image that raises it included, the one that lowers it not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from sensor_msgs.msg import Image

from support.camera_double import Camera, picture, values_of
from support.node_double import NodeDouble, node_in_process

WINDOW = {'ood__window': 3, 'ood__required': 2, 'ood__release': 0, 'ood__hold': 0.0}
SENT = 'nnbbbnnnn'
"""Noise, in which nothing is wrong, and black images of a camera with its cap on."""
FLAG = '___^^^^__'
FOR_PLANNERS = ('mask', 'uncertainty', 'confidence')


@pytest.fixture(scope='module')
def running(tiny_model: Path) -> Iterator[tuple[NodeDouble, Camera]]:
    with pytest.MonkeyPatch.context() as monkeypatch, node_in_process(monkeypatch, tiny_model, **WINDOW) as running:
        _, camera = running
        camera.probe.listen(Image, '/segmentation/confidence')
        image = picture()
        camera.probe.until(lambda: camera.ask(image) and camera.heard('confidence', image.header))
        yield running


def images() -> list[Image]:
    """What the camera sends."""
    sent = [picture(seed=seed) for seed in range(len(SENT))]
    for image, kind in zip(sent, SENT, strict=True):
        if kind == 'b':
            image.data = bytes(len(image.data))
    return sent


def play(running: tuple[NodeDouble, Camera]) -> tuple[list[Image], list[bool]]:
    """The images, once all that is published of them has come, and for which of them a confidence was computed."""
    double, camera = running
    for seed in range(3):  # what was before is out of the window
        camera.decide(picture(seed=seed))
    double.predictor.confidence_asked.clear()
    sent = images()
    decided = [values_of(camera.decide(image))['is_ood'] == 'True' for image in sent]
    assert ''.join('^' if is_ood else '_' for is_ood in decided) == FLAG
    camera.probe.until(lambda: all(camera.heard(topic, sent[-1].header) for topic in ('overlay', *FOR_PLANNERS)))
    return sent, list(double.predictor.confidence_asked)


def published(camera: Camera, topic: str, sent: list[Image]) -> str:
    """Image by image: x where the topic has one of its header."""
    return ''.join('x' if camera.heard(topic, image.header) else '.' for image in sent)


def confidence(camera: Camera, sent: list[Image]) -> str:
    """Image by image: 0 where it is 0 everywhere, + where it is not."""
    peaks = [np.asarray(camera.heard('confidence', image.header).data).max() for image in sent]
    return ''.join('+' if peak else '0' for peak in peaks)


def test_no_confidence_is_the_default_and_costs_nothing(running: tuple[NodeDouble, Camera]) -> None:
    _, camera = running
    assert camera.get('on_ood') == 'no_confidence'
    sent, computed = play(running)
    assert {published(camera, topic, sent) for topic in ('overlay', *FOR_PLANNERS)} == {'x' * len(SENT)}
    assert confidence(camera, sent) == FLAG.replace('_', '+').replace('^', '0')
    # Not computed where the flag cannot fall; before the image that raises it nobody could know.
    assert computed == [True, True, True, True, False, False, False, True, True]


def test_stop_publishes_for_people_alone(running: tuple[NodeDouble, Camera]) -> None:
    _, camera = running
    assert camera.set(on_ood='stop') == ''
    sent, _ = play(running)
    assert {published(camera, topic, sent) for topic in FOR_PLANNERS} == {FLAG.replace('_', 'x').replace('^', '.')}
    assert {published(camera, topic, sent) for topic in ('overlay', 'ood_status')} == {'x' * len(SENT)}


def test_keep_lets_the_flag_change_nothing(running: tuple[NodeDouble, Camera]) -> None:
    _, camera = running
    assert camera.set(on_ood='keep') == ''
    sent, computed = play(running)
    assert {published(camera, topic, sent) for topic in ('overlay', *FOR_PLANNERS)} == {'x' * len(SENT)}
    assert confidence(camera, sent) == '+' * len(SENT)
    assert all(computed)
