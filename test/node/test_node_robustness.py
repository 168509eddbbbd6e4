# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What cameras do to a node in the field; each time it must answer the next good image, with every image counted."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')
pytest.importorskip('hypothesis', reason='makes up malformed images')

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from support.camera_double import Camera, picture
from support.ros_harness import Probe, perception_node
from uncd_ros.images.encodings import ENCODINGS
from uncd_ros.monitor.camera_health import FROZEN_AFTER

MALFORMED = 1000
STAMPS = count(1_000_000)
SIZES = st.one_of(st.integers(0, 40), st.sampled_from([2**16, 2**31, 2**32 - 1]))
TEXTS = st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=20)


@pytest.fixture(scope='module')
def camera(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    with perception_node(tmp_path_factory.mktemp('node') / 'log.txt', tiny_model, ood__hold=0.0) as process:
        camera = Camera(process, Probe())
        camera.wait()
        yield camera
        camera.probe.close()


@pytest.fixture(scope='module')
def statuses(camera: Camera) -> dict[int, DiagnosticArray]:
    """Decisions by the second of their image."""
    found: dict[int, DiagnosticArray] = {}
    camera.probe.node.create_subscription(
        DiagnosticArray, '/segmentation/ood_status', lambda msg: found.update({msg.header.stamp.sec: msg}), 50
    )
    return found


def test_malformed_images_are_told_and_counted(camera: Camera, statuses: dict[int, DiagnosticArray]) -> None:
    camera.ask(picture())
    before, sent = camera.settled(), count()

    @settings(
        max_examples=MALFORMED, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(
        height=SIZES,
        width=SIZES,
        step=SIZES,
        encoding=st.one_of(st.sampled_from(ENCODINGS), TEXTS),
        is_bigendian=st.integers(0, 255),
        data=st.binary(max_size=3000),
        frame_id=TEXTS,
    )
    def send(data: bytes, frame_id: str, **fields: object) -> None:
        stamp = next(STAMPS)
        msg = Image(header=Header(stamp=Time(sec=stamp), frame_id=frame_id), **fields)
        msg.data = data
        next(sent)
        camera.publisher.publish(msg)
        camera.probe.until(lambda: stamp in statuses)

    send()
    after = camera.settled()
    total = next(sent)
    assert total >= MALFORMED
    assert int(after['received']) - int(before['received']) == total
    assert int(after['dropped']) == int(before['dropped'])
    assert int(after['faults']) - int(before['faults']) > 0.9 * total
    assert 'Traceback' not in camera.process.output
    camera.ask(picture())


def test_camera_that_changes_its_size(camera: Camera) -> None:
    for height, width in ((48, 64), (120, 160), (33, 47), (1, 1), (48, 64)):
        mask = camera.heard('mask', camera.ask(picture(height=height, width=width)))
        assert (mask.height, mask.width, len(mask.data)) == (height, width, height * width)


def test_clock_that_jumps(camera: Camera) -> None:
    for sec in (2_000_000_000, 5, 2**31 - 1, 0, -1000):
        image = picture()
        image.header.stamp.sec = sec
        camera.ask(image)


def test_camera_that_dies_and_comes_back(camera: Camera) -> None:
    camera.ask(picture())
    camera.probe.node.destroy_publisher(camera.publisher)
    camera.probe.within(0.5, lambda: False)
    camera.publisher = camera.probe.node.create_publisher(Image, 'image_raw', 50)
    camera.ask(picture())


def faulty(kind: str) -> Image:
    """An image such as a faulty camera sends."""
    image = picture(height=120, width=160)
    if kind == 'black':
        image.data = np.zeros(len(image.data), np.uint8).tobytes()
    elif kind == 'saturated':
        image.data = np.full(len(image.data), 255, np.uint8).tobytes()
    elif kind == 'blurred':
        ramp = np.linspace(0, 200, 160).astype(np.uint8)
        image.data = np.broadcast_to(ramp[None, :, None], (120, 160, 3)).tobytes()
    elif kind == 'truncated':
        image.data = image.data[:1000]
    return image


@pytest.mark.parametrize('kind', ['black', 'saturated', 'blurred', 'truncated', 'frozen'])
def test_camera_fault_raises_the_flag_and_is_named(
    camera: Camera, statuses: dict[int, DiagnosticArray], kind: str
) -> None:
    for _ in range(FROZEN_AFTER + 5 if kind == 'frozen' else 5):
        image = faulty(kind)
        camera.publisher.publish(image)
        camera.probe.until(lambda stamp=image.header.stamp.sec: stamp in statuses)
    scene, health = statuses[image.header.stamp.sec].status
    assert (health.name, health.level) == ('segmentation: camera', DiagnosticStatus.ERROR)
    assert health.message.startswith(f'{kind}: ')
    assert scene.level == DiagnosticStatus.WARN
    assert scene.message.startswith(f'{kind}: ')
    assert camera.all('ood')[-1].data
    assert camera.diagnostics()['segmentation: images'].message.startswith(f'{kind}: ')
    for seed in range(5):
        header = camera.ask(picture(seed=seed))
    scene, health = camera.heard('ood_status', header).status
    assert (health.level, health.message) == (DiagnosticStatus.OK, 'no fault')
    assert scene.level == DiagnosticStatus.OK


def test_camera_unlike_the_calibration_is_an_error(camera: Camera) -> None:
    camera.ask(picture('mono8', 48, 64))
    status = camera.diagnostics()['segmentation: model']
    assert status.level == DiagnosticStatus.ERROR
    assert status.message == 'camera sends mono8, model was calibrated on colour images'
    camera.ask(picture())
    assert camera.diagnostics()['segmentation: model'].level == DiagnosticStatus.OK


def test_a_wide_camera_is_a_warning_that_is_logged_once(camera: Camera) -> None:
    expected = "camera sends 64x36, model was calibrated on the shape of 64x48: 25% of the network's input is padding"
    camera.ask(picture('bgr8', 36, 64))
    for _ in range(2):
        status = camera.diagnostics()['segmentation: model']
        assert status.level == DiagnosticStatus.WARN
        assert expected in status.message
    assert camera.process.output.count(expected) == 1
    camera.ask(picture())
    assert camera.diagnostics()['segmentation: model'].level == DiagnosticStatus.OK
