# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node as a real process over DDS, against the predictor run by hand."""

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from sensor_msgs.msg import Image

from support.camera_double import Camera, picture, values_of
from support.ros_harness import Probe, Process, perception_node
from uncd_ros.images.encodings import as_array
from uncd_ros.images.palette import colour_table, overlay
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.node.outputs import PREVIEW_RATE

PREVIEW = '/segmentation/overlay_preview'


@pytest.fixture(scope='module')
def camera(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    log = tmp_path_factory.mktemp('node') / 'log.txt'
    with perception_node(log, tiny_model) as process:
        camera = Camera(process, Probe())
        camera.wait()
        yield camera
        camera.probe.close()


def pixels_of(msg: Image, dtype: type) -> NDArray[Any]:
    return np.frombuffer(msg.data, dtype).reshape(msg.height, msg.width, -1).squeeze(2)


@pytest.mark.parametrize(('encoding', 'height', 'width'), [('bgr8', 120, 160), ('rgba8', 48, 64), ('mono8', 37, 51)])
def test_answers_are_the_predictors(camera: Camera, tiny_model: Path, encoding: str, height: int, width: int) -> None:
    model = load_model(tiny_model)
    image = picture(encoding, height, width)
    header = camera.ask(image)
    expected = Predictor(model, device='cpu').predict(as_array(image))

    mask, uncertainty = camera.heard('mask', header), camera.heard('uncertainty', header)
    drawn, status = camera.heard('overlay', header), camera.heard('ood_status', header)
    for msg, kind in ((mask, 'mono8'), (uncertainty, '32FC1'), (drawn, 'rgb8')):
        assert (msg.height, msg.width, msg.encoding) == (height, width, kind)
    assert mask.step == width
    assert np.mean(pixels_of(mask, np.uint8) == expected.labels) > 0.999
    np.testing.assert_allclose(pixels_of(uncertainty, np.float32), expected.uncertainty, atol=1e-4)
    colours = colour_table(tuple(each.color for each in model.card.classes))
    by_hand = overlay(as_array(image), expected.labels, expected.uncertainty, colours, model.card.uncertainty.upper)
    assert np.mean(np.abs(as_array(drawn).astype(int) - by_hand)) < 0.5

    values = values_of(status)
    assert float(values['score']) == pytest.approx(expected.score, abs=1e-4)
    assert float(values['threshold']) == model.card.ood.threshold(0.01)
    assert status.status[0].hardware_id == 'tiny'
    score = pytest.approx(expected.score, abs=1e-4)
    camera.probe.until(lambda: any(msg.data == score for msg in camera.all('ood_score')))
    camera.probe.until(lambda: [str(msg.data) for msg in camera.all('ood')[-1:]] == [values['is_ood']])


def test_the_preview_is_the_overlay_now_and_then(camera: Camera) -> None:
    camera.probe.listen(Image, PREVIEW)
    previews = camera.probe.heard[PREVIEW]
    camera.probe.until(lambda: camera.ask(picture()) and previews, 60.0)
    begun, known = time.monotonic(), len(previews)
    for number in range(25):
        image = picture()
        image.header.stamp.sec = 5000 + number
        camera.ask(image)
    assert len(previews) - known <= (time.monotonic() - begun) * PREVIEW_RATE + 2
    drawn = camera.heard('overlay', previews[-1].header)
    assert drawn.data == previews[-1].data


def test_bad_image_is_a_counted_fault_and_the_node_lives_on(camera: Camera) -> None:
    before = int(camera.counts()['faults'])
    bad = picture('rgb8', 48, 64)
    bad.data = bad.data[:100]
    camera.publisher.publish(bad)
    camera.probe.until(lambda: int(camera.counts()['faults']) == before + 1)
    assert "image data is 100 bytes, expected 9216 for 64x48 'rgb8'" in camera.process.output
    assert 'Traceback' not in camera.process.output
    camera.ask(picture('rgb8', 48, 64))


def test_every_image_is_accounted_for(camera: Camera) -> None:
    before = camera.counts()
    for _ in range(60):
        camera.publisher.publish(picture('bgr8', 240, 320))
        time.sleep(0.002)

    after = camera.settled()
    arrived = int(after['received']) - int(before['received'])
    assert 1 <= arrived <= 60
    assert int(after['processed']) > int(before['processed'])
    assert int(after['faults']) == int(before['faults'])
    assert (after['model'], after['device']) == ('tiny', 'cpu')
    assert 0.0 < float(after['latency_ms_p50']) <= float(after['latency_ms_p95']) <= float(after['latency_ms_p99'])


def test_lifecycle(camera: Camera) -> None:
    assert camera.change(Transition.TRANSITION_DEACTIVATE)
    camera.probe.until(lambda: camera.publisher.get_subscription_count() == 0)
    assert camera.change(Transition.TRANSITION_CLEANUP)
    camera.probe.until(lambda: camera.probe.node.count_publishers('/segmentation/mask') == 0)
    assert camera.change(Transition.TRANSITION_CONFIGURE)
    assert camera.change(Transition.TRANSITION_ACTIVATE)
    camera.probe.until(camera.connected)
    camera.ask(picture('bgr8', 48, 64))


def test_silence_explains_itself(camera: Camera) -> None:
    told = re.compile('no image on /image_raw for .*: it has a publisher, which sends nothing')
    assert camera.set(silent_after=0.5) == ''
    camera.probe.until(lambda: told.search(camera.process.output))
    assert camera.set(silent_after=3600.0) == ''


def test_ctrl_c_ends_it_cleanly_and_the_counts_add_up(camera: Camera) -> None:
    # Twice, as under `ros2 launch`: from the terminal and from the launch file.
    assert camera.process.end(signal.SIGINT, signal.SIGINT) == 0
    assert 'Traceback' not in camera.process.output
    line = re.compile(r'received (\d+) images = processed (\d+) \+ dropped (\d+) \+ faults (\d+)')
    found = [[int(number) for number in match] for match in line.findall(camera.process.output)]
    assert len(found) == 2  # at the deactivation, at the end
    assert all(received == sum(rest) for received, *rest in found)


@pytest.mark.parametrize(
    ('override', 'complaint'),
    [
        ('model:=/nowhere', "model '/nowhere' not found"),
        ('device:=abacus', "device is 'abacus', expected auto, cpu, cuda or cuda:N"),
        ('qos_overrides./segmentation/mask.publisher.reliability:=often', 'often'),
        ('ood.window:=0', 'parameter ood.window must be a whole number from 1 to 1000'),
    ],
)
def test_mistake_is_one_line_and_exit_status_1(tiny_model: Path, tmp_path: Path, override: str, complaint: str) -> None:
    overrides = ('--ros-args', '-p', f'model:={tiny_model}', '-p', override)
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.perception_node', *overrides)
    assert process.wait() == 1
    (line,) = (line for line in process.output.splitlines() if '[INFO]' not in line)
    assert complaint in line


def test_lifecycle_manager_may_start_it(tmp_path: Path) -> None:
    # In a namespace: the node of the other tests runs beside it, and would answer in its place.
    overrides = ('--ros-args', '-r', '__ns:=/managed', '-p', 'autostart:=false', '-p', 'model:=/nowhere')
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.perception_node', *overrides)
    probe = Probe()
    try:
        change = probe.node.create_client(ChangeState, '/managed/segmentation/change_state')
        state = probe.ask(GetState, '/managed/segmentation/get_state', GetState.Request())
        assert state.current_state.id == State.PRIMARY_STATE_UNCONFIGURED
        request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
        response = change.call_async(request)
        probe.until(response.done)
        assert not response.result().success
        assert process.end(signal.SIGTERM) == 0
        assert 'Traceback' not in process.output
    finally:
        process.kill()
        probe.close()
