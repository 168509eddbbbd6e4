# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults around a node that runs, and of its model: each is told in /diagnostics, then all is well again.

test_fault_table.py lists all faults, with those that other tests show.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from sensor_msgs.msg import Image

from support.robot_double import Robot, good
from support.ros_harness import Probe
from uncd_ros.node import surroundings


def test_two_cameras_on_one_topic_are_named(robot: Robot) -> None:
    other = Probe()
    other.node.create_publisher(Image, 'image_raw', 5)
    robot.sees('images', '/image_raw has 2 publishers, /probe and /probe, expected 1', send=good)
    other.close()


def test_two_nodes_of_one_name_are_told(robot: Robot) -> None:
    other = Probe()
    twin = Node('segmentation', context=other.context)
    robot.sees('model', '2 nodes are called /segmentation, expected 1', send=good)
    twin.destroy_node()
    other.close()


@pytest.mark.parametrize('name', ['model.json', 'student.safetensors'])
def test_missing_files_of_the_model_are_told(robot: Robot, name: str) -> None:
    file = robot.model / name
    elsewhere = file.rename(file.with_suffix('.away'))
    robot.sees('model', f'{file} is gone', 'a restart will fail', send=good)
    elsewhere.rename(file)


def test_changed_files_of_the_model_are_told(robot: Robot) -> None:
    file = robot.model / 'model.json'
    content, stat = file.read_bytes(), file.stat()
    file.write_bytes(content + b' ')
    robot.sees('model', f'{file} was changed', 'a restart will load another', send=good)
    file.write_bytes(content)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_a_full_disk_for_logs_is_told(robot: Robot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, 'LOG_SPACE', 2**60)
    robot.sees('model', 'no log can be written to', 'the disk is full', send=good)
    monkeypatch.undo()


def test_a_log_folder_that_is_gone_is_told(robot: Robot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, 'get_logging_directory', lambda: '/nowhere/log')
    robot.sees('model', 'no log can be written to /nowhere/log: No such file', send=good)
    monkeypatch.undo()


def test_a_model_that_cannot_be_loaded_is_told(robot: Robot, tmp_path: Path) -> None:
    damaged = tmp_path / 'damaged'
    shutil.copytree(robot.model, damaged)
    (damaged / 'student.safetensors').write_bytes(b'damaged')
    assert 'student.safetensors: SHA-256 is' in robot.camera.set(model=str(damaged))
    robot.sees('model', 'student.safetensors: SHA-256 is', send=good)
    assert robot.camera.set(palette='model') == ''


def test_a_score_that_is_no_number_is_an_error(robot: Robot, monkeypatch: pytest.MonkeyPatch) -> None:
    predict = robot.double.predictor.predict
    monkeypatch.setattr(
        robot.double.predictor,
        'predict',
        lambda *args, **kwargs: [replace(each, score=float('nan')) for each in predict(*args, **kwargs)],
    )
    told = 'inference failed: the image score is nan, expected a number'
    robot.sees('images', told, level=DiagnosticStatus.ERROR, send=good)
    assert robot.camera.all('ood')[-1].data
    monkeypatch.undo()


def test_an_exception_of_the_network_is_an_error(robot: Robot) -> None:
    robot.double.predictor.error = RuntimeError('out of memory')
    told = 'inference failed: RuntimeError: out of memory'
    robot.sees('images', told, level=DiagnosticStatus.ERROR, send=good)
    robot.double.predictor.error = None


def test_results_that_come_too_late_are_told(robot: Robot) -> None:
    robot.double.predicting.close()
    robot.camera.publisher.publish(good())
    robot.camera.probe.until(robot.double.predicting.reached.is_set)
    robot.camera.probe.within(0.2, lambda: False)
    assert robot.camera.set(silent_after=0.1) == ''
    robot.double.predicting.open()
    late = 'the latest result came', 'expected 0.1 s at most (silent_after): device cpu is overloaded'
    robot.camera.probe.until(lambda: all(fact in robot.statuses()['images'].message for fact in late))
    assert robot.camera.set(silent_after=3600.0) == ''
