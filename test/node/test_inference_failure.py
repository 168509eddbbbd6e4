# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model that gives no answer is as bad as a blind camera: the flag rises and the diagnostics say why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticStatus

from support.camera_double import Camera, picture, stamped_now, values_of
from support.node_double import NodeDouble, node_in_process
from uncd_ros.node import worker

WINDOW = {'ood__window': 3, 'ood__required': 2, 'ood__release': 0, 'ood__hold': 0.0}


@pytest.fixture
def running(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NodeDouble, Camera]]:
    monkeypatch.setattr(worker, 'STALL_AFTER', float('inf'))
    with node_in_process(monkeypatch, tiny_model, **WINDOW) as running:
        yield running


def flag(camera: Camera) -> bool:
    return bool(camera.all('ood')[-1].data)


def told(camera: Camera, reason: str) -> DiagnosticStatus:
    """The next status of the camera whose message holds `reason`."""

    def status() -> DiagnosticStatus | None:
        now = camera.status()
        return now if reason in now.message else None

    return camera.probe.until(status)


def well_again(camera: Camera) -> None:
    """A few images lower the flag and the diagnostics are OK."""
    for seed in range(4):
        camera.ask(stamped_now(picture(seed=seed)))
    assert not flag(camera)
    assert told(camera, 'images per second').level == DiagnosticStatus.OK


def test_predictions_that_all_fail(running: tuple[NodeDouble, Camera]) -> None:
    double, camera = running
    camera.ask(picture(seed=9))
    before = camera.settled()
    double.predictor.error = RuntimeError('CUDA error: an illegal memory access')
    assert values_of(camera.decide(picture()))['is_ood'] == 'True'  # at once
    for seed in range(2):
        camera.decide(picture(seed=seed))
    assert flag(camera)
    status = told(camera, 'inference failed: RuntimeError: CUDA error: an illegal memory access')
    assert status.level == DiagnosticStatus.ERROR
    after = camera.settled()
    assert int(after['faults']) - int(before['faults']) == 3
    assert int(after['alarms']) - int(before['alarms']) == 1
    double.predictor.error = None
    well_again(camera)


def test_a_pass_that_does_not_return(running: tuple[NodeDouble, Camera], monkeypatch: pytest.MonkeyPatch) -> None:
    double, camera = running
    camera.ask(picture(seed=9))
    assert not flag(camera)
    double.predicting.close()
    camera.publisher.publish(picture(seed=8))
    assert double.predicting.reached.wait(20.0)
    monkeypatch.setattr(worker, 'STALL_AFTER', 0.0)
    status = told(camera, 'inference has not returned for ')
    assert status.level == DiagnosticStatus.ERROR
    camera.probe.until(lambda: flag(camera))
    assert camera.counts()['alarms'] == '1'
    monkeypatch.setattr(worker, 'STALL_AFTER', float('inf'))
    double.predicting.open()
    well_again(camera)
    assert camera.counts()['alarms'] == '1'


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_a_worker_that_dies(running: tuple[NodeDouble, Camera]) -> None:
    double, camera = running
    double.predictor.error = SystemExit('a library gave up')
    camera.publisher.publish(picture())
    status = told(camera, 'inference has ended: SystemExit: a library gave up')
    assert status.level == DiagnosticStatus.ERROR
    camera.probe.until(lambda: flag(camera))


def test_stopping_does_not_wait_for_a_stuck_pass(
    running: tuple[NodeDouble, Camera], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    double, camera = running
    double.predicting.close()
    camera.publisher.publish(picture())
    assert double.predicting.reached.wait(20.0)
    monkeypatch.setattr(worker, 'CLOSE_WITHIN', 0.1)
    ended = double.node._worker._ended
    double.node.stop()  # returns although the gate is closed
    log = ''.join(capfd.readouterr())
    assert 'inference has not returned within 0.1 s' in log
    assert 'unfinished 1' in log
    published = len(camera.all('mask'))
    double.predicting.open()
    assert ended.wait(20.0)
    camera.probe.within(0.2, lambda: False)
    assert len(camera.all('mask')) == published  # what came too late is thrown away
