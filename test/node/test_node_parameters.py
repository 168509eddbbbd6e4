# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the running node: what takes effect, what is refused and why, and another model in the middle."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition

from support.camera_double import Camera, picture, values_of
from support.model_folder import edit_card
from support.ros_harness import Probe, perception_node
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model


@pytest.fixture(scope='module')
def camera(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    log = tmp_path_factory.mktemp('node') / 'log.txt'
    with perception_node(log, tiny_model, ood__window=1, ood__required=1, ood__release=0, ood__hold=0.0) as process:
        camera = Camera(process, Probe())
        camera.wait()
        # Nodes of this name that other tests have ended are counted for a while, and /diagnostics warns of them.
        camera.probe.until(lambda: 'nodes are called' not in camera.diagnostics()['segmentation: model'].message, 90.0)
        yield camera
        camera.probe.close()


@pytest.fixture
def other_model(tiny_model: Path, tmp_path: Path) -> Path:
    """The same network, told apart by its name and by a rule to which every image is anomalous."""
    folder = tmp_path / 'other'
    shutil.copytree(tiny_model, folder)
    edit_card(folder, lambda card: (card.update(name='other'), card['ood'].update(calibration_scores=[-1.0] * 100)))
    return folder


def status(camera: Camera) -> dict[str, str]:
    """The decision about a new image."""
    return values_of(camera.heard('ood_status', camera.ask(picture())))


def test_alarm_rate_and_timing_take_effect_with_the_next_image(camera: Camera) -> None:
    assert status(camera)['threshold'] == '0.99'
    assert camera.set(ood__false_alarm_rate=0.1) == ''
    now = status(camera)
    assert (now['threshold'], now['false_alarm_rate']) == ('0.9', '0.1')
    assert camera.set(ood__window=7, ood__required=2) == ''
    camera.ask(picture())
    assert 'raised at 2' in camera.all('ood_status')[-1].status[0].message
    assert camera.set(ood__window=1, ood__required=1, ood__false_alarm_rate=0.01) == ''


def test_abstaining_takes_effect_with_the_next_image(camera: Camera, tiny_model: Path) -> None:
    image = picture()
    before = np.frombuffer(camera.heard('mask', camera.ask(image)).data, np.uint8)
    pixels = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)[..., ::-1]
    prediction = Predictor(load_model(tiny_model), device='cpu').predict(pixels, confidence=True)
    level = float(np.median(prediction.confidence)) / 255.0
    assert camera.set(abstain_confidence=level) == ''
    image.header.stamp.sec += 1000
    after = np.frombuffer(camera.heard('mask', camera.ask(image)).data, np.uint8)
    assert camera.set(abstain_confidence=0.0) == ''
    unsure = prediction.confidence.ravel() < 255.0 * level
    assert 255 not in before
    assert 0.05 < unsure.mean() < 0.95
    # The two processes may round a pixel or so differently.
    assert np.mean((after == 255) == unsure) > 0.99
    np.testing.assert_array_equal(after[after != 255], before[after != 255])


def test_palette_takes_effect_with_the_next_image(camera: Camera) -> None:
    image = picture()
    before = np.asarray(camera.heard('overlay', camera.ask(image)).data)
    assert camera.set(palette='colour_blind') == ''
    image.header.stamp.sec += 1000
    after = np.asarray(camera.heard('overlay', camera.ask(image)).data)
    assert np.mean(before != after) > 0.3
    assert camera.set(palette='model') == ''


def test_rate_limit_takes_effect_at_once_and_its_drops_are_counted(camera: Camera) -> None:
    camera.ask(picture())
    assert camera.set(max_rate=0.001) == ''  # one image in 17 minutes: what comes now is dropped
    before = camera.settled()
    for _ in range(5):
        camera.publisher.publish(picture())
    camera.probe.until(lambda: int(camera.counts()['received']) > int(before['received']))
    after = camera.settled()
    assert camera.set(max_rate=0.0) == ''
    received, dropped, processed = (int(after[key]) - int(before[key]) for key in ('received', 'dropped', 'processed'))
    assert processed <= 1  # the first since the limit holds may pass
    assert received == dropped + processed > processed
    camera.ask(picture())


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'device': 'cuda'}, 'device is read when the node is configured: deactivate it and clean it up first'),
        ({'cameras': ['front']}, 'cameras is read when the node is configured: deactivate it and clean it up first'),
        ({'ood__required': 2, 'ood__hold': 1.0}, 'ood.required is 2, expected 1 to ood.window = 1'),
        ({'palette': 'dog'}, "palette is 'dog', expected model or colour_blind"),
        ({'ood__window': 0}, 'ood.window'),
        ({'model': '/nowhere'}, "model '/nowhere' not found: expected a folder with model.json"),
    ],
)
def test_refusal_says_why_and_changes_nothing(camera: Camera, values: dict[str, object], reason: str) -> None:
    assert reason in camera.set(**values)
    now = status(camera)
    assert (now['threshold'], camera.counts()['model']) == ('0.99', 'tiny')


def test_another_model_is_switched_to_between_two_images(camera: Camera, tiny_model: Path, other_model: Path) -> None:
    before = camera.settled()
    assert camera.set(model=str(other_model)) == ''
    now = status(camera)
    assert (now['threshold'], now['is_ood']) == ('-1.0', 'True')
    assert camera.all('ood_status')[-1].status[0].hardware_id == 'other'
    assert camera.diagnostics()['segmentation: model'].message == 'other as calibrated'
    after = camera.settled()
    assert after['faults'] == before['faults']
    assert camera.set(model=str(tiny_model)) == ''
    assert status(camera)['threshold'] == '0.99'


def test_broken_model_is_refused_and_the_old_one_stays(camera: Camera, tiny_model: Path, other_model: Path) -> None:
    (other_model / 'student.safetensors').write_bytes(b'damaged')
    reason = camera.set(model=str(other_model), palette='colour_blind')
    assert 'student.safetensors' in reason
    assert (camera.get('model'), camera.get('palette')) == (str(tiny_model), 'model')
    model = camera.diagnostics()['segmentation: model']
    assert (model.level, reason in model.message) == (DiagnosticStatus.WARN, True)
    assert status(camera)['threshold'] == '0.99'
    assert camera.set(palette='model') == ''
    assert camera.diagnostics()['segmentation: model'].message == 'tiny as calibrated'


def test_one_by_one_in_an_order_that_contradicts_itself(camera: Camera) -> None:
    """As `ros2 param load` sets a file: what is in force stays so until all fit."""
    first, second = camera.set_one_by_one(ood__required=2, ood__window=2)
    assert first.successful and 'ood.required is 2, expected 1 to ood.window = 1' in first.reason
    assert second.successful and second.reason == ''
    camera.ask(picture())
    assert 'of the last 2 images' in camera.all('ood_status')[-1].status[0].message

    (first,) = camera.set_one_by_one(ood__window=1)  # and where it ends so, the diagnostics say it
    assert first.successful
    camera.ask(picture())
    assert 'of the last 2 images' in camera.all('ood_status')[-1].status[0].message
    model = camera.diagnostics()['segmentation: model']
    assert model.level == DiagnosticStatus.WARN
    assert 'ood.required is 2, expected 1 to ood.window = 1' in model.message
    assert [result.reason for result in camera.set_one_by_one(ood__required=1)] == ['']
    assert camera.diagnostics()['segmentation: model'].level == DiagnosticStatus.OK


def test_what_is_read_at_configuration_may_change_before_it(camera: Camera) -> None:
    assert camera.change(Transition.TRANSITION_DEACTIVATE)
    assert camera.set(device='cpu') != ''
    assert camera.change(Transition.TRANSITION_CLEANUP)
    assert camera.set(device='cpu') == ''
    assert camera.change(Transition.TRANSITION_CONFIGURE)
    assert camera.change(Transition.TRANSITION_ACTIVATE)
    camera.probe.until(camera.connected)
    assert status(camera)['threshold'] == '0.99'
