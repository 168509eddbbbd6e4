# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Another model while the node runs: loading holds nothing up, and the alarm goes on where it was."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Bool

from support.camera_double import Camera, picture, values_of
from support.model_folder import edit_card
from support.node_double import NodeDouble, node_in_process

WINDOW = {'ood__window': 3, 'ood__required': 2, 'ood__release': 0, 'ood__hold': 0.0}


@pytest.fixture
def running(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NodeDouble, Camera]]:
    with node_in_process(monkeypatch, tiny_model, **WINDOW) as running:
        yield running


@pytest.fixture
def other_model(tiny_model: Path, tmp_path: Path) -> Path:
    """The same network under another name, with a rule to which every image is nominal."""
    folder = tmp_path / 'other'
    shutil.copytree(tiny_model, folder)
    edit_card(folder, lambda card: (card.update(name='other'), card['ood'].update(calibration_scores=[50.0] * 100)))
    return folder


def test_images_go_on_while_another_model_loads(running: tuple[NodeDouble, Camera], other_model: Path) -> None:
    double, camera = running
    camera.ask(picture())
    double.loading.close()
    change = camera.start_setting(model=str(other_model))
    camera.probe.until(double.loading.reached.is_set)
    for seed in range(3):  # the old model's, while the new one is still at the gate
        status = camera.heard('ood_status', camera.ask(picture(seed=seed)))
        assert status.status[0].hardware_id == 'tiny'
    assert not change.done()
    double.loading.open()
    camera.probe.until(change.done)
    assert change.result().result == SetParametersResult(successful=True)
    status = camera.heard('ood_status', camera.ask(picture()))
    assert (status.status[0].hardware_id, values_of(status)['threshold']) == ('other', '50.0')
    assert camera.settled()['faults'] == '0'


def test_a_model_switch_keeps_a_raised_flag_and_the_alarm_count(
    running: tuple[NodeDouble, Camera], other_model: Path
) -> None:
    _, camera = running
    assert camera.set(ood__false_alarm_rate=0.5) == ''
    for seed in range(3):
        camera.ask(picture(seed=seed))
    for _ in range(3):
        raised = values_of(camera.heard('ood_status', camera.ask(black())))
    assert raised['is_ood'] == 'True'
    assert camera.set(model=str(other_model)) == ''
    first, *_, last = states = [
        values_of(camera.heard('ood_status', camera.ask(picture(seed=seed)))) for seed in range(4)
    ]
    assert (first['is_ood'], last['is_ood']) == ('True', 'False')
    assert {state['alarms'] for state in states} == {raised['alarms']}


def test_declaring_a_qos_override_loads_nothing(running: tuple[NodeDouble, Camera]) -> None:
    """Rclpy validates each override as a change of parameters."""
    double, _ = running
    options = QoSOverridingOptions.with_default_policies()
    double.node.create_publisher(Bool, 'another', QoSProfile(depth=1), qos_overriding_options=options)
    double.node.set_parameters([Parameter('model', value=double.node.get_parameter('model').value)])
    assert len(double.predictors) == 1


def black() -> object:
    """What a camera with its cap on sends."""
    image = picture()
    image.data = bytes(len(image.data))
    return image
