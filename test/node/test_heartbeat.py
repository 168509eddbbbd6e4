# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The flag is said although no image says it: a camera that is dead or unwatched leaves no "fine" behind."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition

from support.camera_double import Camera, picture, stamped_now, values_of
from support.node_double import NodeDouble, node_in_process

WINDOW = {'ood__window': 3, 'ood__required': 2, 'ood__release': 0, 'ood__hold': 0.0}


@pytest.fixture
def running(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NodeDouble, Camera]]:
    with node_in_process(monkeypatch, tiny_model, **WINDOW) as running:
        yield running


def next_heartbeat(camera: Camera, reason: str) -> DiagnosticArray:
    """The next one whose reason holds this text, once ~/ood has said the same."""
    seen = len(camera.all('ood_status'))

    def heard() -> DiagnosticArray | None:
        new = [msg for msg in camera.all('ood_status')[seen:] if values_of(msg)['heartbeat'] == 'True']
        return next((msg for msg in new if reason in msg.status[0].message), None)

    msg = camera.probe.until(heard)
    camera.probe.until(lambda: str(camera.all('ood')[-1].data) == values_of(msg)['is_ood'])
    return msg


def test_before_the_first_image_nothing_is_fine_and_that_is_no_alarm(running: tuple[NodeDouble, Camera]) -> None:
    _, camera = running
    for _ in range(3):
        waiting = values_of(next_heartbeat(camera, 'no image has been worked on yet'))
        assert (waiting['is_ood'], waiting['alarms']) == ('True', '0')
    status = camera.status()
    assert (status.level, status.message) == (DiagnosticStatus.WARN, 'no image on /image_raw yet')
    assert camera.set(silent_after=0.1) == ''
    camera.probe.until(lambda: camera.status().level == DiagnosticStatus.ERROR)
    assert camera.set(silent_after=3600.0) == ''
    first = values_of(camera.heard('ood_status', camera.ask(picture())))
    assert (first['is_ood'], first['alarms']) == ('False', '0')


def test_a_camera_that_falls_silent_and_comes_back(running: tuple[NodeDouble, Camera]) -> None:
    _, camera = running
    camera.ask(stamped_now(picture()))
    fine = values_of(next_heartbeat(camera, 'images are anomalous'))
    assert (fine['is_ood'], fine['alarms']) == ('False', '0')

    assert camera.set(silent_after=0.1) == ''
    for _ in range(2):
        silent = next_heartbeat(camera, 'silent: no image for ')
        assert (values_of(silent)['is_ood'], values_of(silent)['alarms']) == ('True', '1')
        assert 0.0 <= time.time() - silent.header.stamp.sec < 60.0
        assert silent.status[1].level == DiagnosticStatus.ERROR
    status = camera.status()
    assert status.level == DiagnosticStatus.ERROR and 'no image on /image_raw for ' in status.message
    assert camera.counts()['alarms'] == '1'

    assert camera.set(silent_after=3600.0) == ''
    decided = [values_of(camera.decide(stamped_now(picture(seed=seed)))) for seed in range(4)]
    assert [each['is_ood'] for each in decided] == ['True', 'True', 'False', 'False']
    assert {each['alarms'] for each in decided} == {'1'}
    camera.probe.until(lambda: camera.status().level == DiagnosticStatus.OK)


def test_an_image_that_ends_a_silence_which_no_heartbeat_saw_raises_the_flag_all_the_same(
    running: tuple[NodeDouble, Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the evaluation of a bag, where there are no heartbeats."""
    double, camera = running
    camera.ask(picture())
    (camera_in_node,) = double.node._cameras
    monkeypatch.setattr(camera_in_node, '_heard', time.monotonic() - 7200.0)
    status = camera.decide(picture(seed=8)).status[0]
    assert 'silent: no image for 72' in status.message


def test_deactivation_leaves_a_last_true_and_then_nothing(running: tuple[NodeDouble, Camera]) -> None:
    _, camera = running
    camera.ask(picture())
    next_heartbeat(camera, 'images are anomalous')
    assert camera.change(Transition.TRANSITION_DEACTIVATE)
    camera.probe.until(lambda: 'the node is not active' in camera.all('ood_status')[-1].status[0].message)
    camera.probe.until(lambda: camera.all('ood')[-1].data)
    said = len(camera.all('ood'))
    camera.probe.within(1.0, lambda: False)
    assert len(camera.all('ood')) == said
    assert camera.change(Transition.TRANSITION_ACTIVATE)
    assert values_of(next_heartbeat(camera, 'no image has been worked on yet'))['is_ood'] == 'True'
