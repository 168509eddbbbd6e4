# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of a robot's day, one after another on a node that runs: each is told in /diagnostics, then all is well again.

The test of the table in docs/troubleshooting.md lists them all, with those that other tests show.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import count, cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from support.camera_double import Camera, picture, stamped_now
from support.node_double import NodeDouble, node_in_process
from support.ros_harness import Probe
from uncd_ros.node import perception_node, surroundings

SEEDS = count()
WINDOW = {'ood__window': 1, 'ood__required': 1, 'ood__release': 0, 'ood__hold': 0.0}


@dataclass
class Robot:
    """The node and its camera."""

    double: NodeDouble
    camera: Camera
    model: Path

    def statuses(self) -> dict[str, DiagnosticStatus]:
        """The node's next, by part."""
        return {name.removeprefix('segmentation: '): each for name, each in self.camera.diagnostics().items()}

    def sees(self, part: str, *facts: str, level: bytes = DiagnosticStatus.WARN, send: Callable[[], Image]) -> None:
        """Send images until the diagnostics tell a fault."""

        def told() -> bool:
            self.camera.publisher.publish(send())
            status = self.statuses()[part]
            return status.level == level and all(fact in status.message for fact in facts)

        self.camera.probe.until(told, 60.0)

    def is_well(self, send: 'Callable[[], Image] | None' = None) -> None:
        """Send good images until the diagnostics are OK."""

        def well() -> bool:
            self.camera.publisher.publish((send or good)())
            return {each.level for each in self.statuses().values()} == {DiagnosticStatus.OK}

        self.camera.probe.until(well, 60.0)


@pytest.fixture(scope='module')
def running(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Robot]:
    model = tmp_path_factory.mktemp('models') / 'own'
    shutil.copytree(tiny_model, model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(perception_node, 'REPORT_PERIOD', 0.1)
        with node_in_process(patch, model, **WINDOW) as (double, camera):
            yield Robot(double, camera, model)


@pytest.fixture
def robot(running: Robot) -> Iterator[Robot]:
    running.is_well()
    yield running
    running.is_well()


def good(**shape: Any) -> Image:
    """What a camera sends that is well."""
    return stamped_now(picture(seed=next(SEEDS), **shape))


def with_pixels(value: int) -> Image:
    image = good()
    image.data = bytes([value]) * len(image.data)
    return image


def with_fields(**fields: Any) -> Image:
    image = good()
    for name, value in fields.items():
        setattr(image, name, value)
    return image


def blurred() -> Image:
    image = good(height=120, width=160)
    ramp = np.linspace(0, 200, 160).astype(np.uint8) + np.uint8(next(SEEDS) % 50)
    image.data = np.broadcast_to(ramp[None, :, None], (120, 160, 3)).tobytes()
    return image


def late(seconds: float) -> Image:
    """Stamped so long ago; less than 0 is in the future."""
    image = good()
    ns = image.header.stamp.sec * 10**9 + image.header.stamp.nanosec - round(seconds * 1e9)
    image.header.stamp = Time(sec=ns // 10**9, nanosec=ns % 10**9)
    return image


IMAGES = {
    'black': (lambda: with_pixels(0), ('black: 100%',)),
    'saturated': (lambda: with_pixels(255), ('saturated: 100%',)),
    'frozen': (lambda: stamped_now(picture(seed=7)), ('frozen: ', 'images are the same')),
    'blurred': (blurred, ('blurred: detail is', 'expected 0.18')),
    'truncated': (lambda: with_fields(data=b'1234'), ('truncated: image data is 4 bytes', 'expected 9216')),
    'empty': (lambda: with_fields(width=0), ('unreadable: image is 0x48 pixels', 'expected at least 1x1')),
    'step too small': (lambda: with_fields(step=7), ('unreadable: image step is 7 bytes', 'expected 192')),
    'unknown encoding': (lambda: with_fields(encoding='dog8'), ("image encoding is 'dog8'", 'expected one of rgb8')),
}


@pytest.mark.parametrize('fault', IMAGES)
def test_a_faulty_image_is_an_error(robot: Robot, fault: str) -> None:
    send, facts = IMAGES[fault]
    robot.sees('images', *facts, level=DiagnosticStatus.ERROR, send=send)


@cache
def started() -> Time:
    """When it was asked for first."""
    return good().header.stamp


TO_AND_FRO = cycle((0.0, 0.5))
STAMPS = {
    'stamp 0': (lambda: with_fields(header=Header()), ('stamps are 0',)),
    'stands still': (lambda: with_fields(header=Header(stamp=started())), ('stamps stand still at', 'images')),
    'in the future': (lambda: late(-60.0), ('ahead of this node', 'expected 0.1 s at most')),
    'another clock': (lambda: late(60.0), ('60 s behind', 'expected 10 s at most')),
    'goes back': (lambda: late(next(TO_AND_FRO)), ('stamps went back by', 'expected each later')),
}


@pytest.mark.parametrize('fault', STAMPS)
def test_stamps_that_tell_no_time_are_a_warning(robot: Robot, fault: str) -> None:
    started.cache_clear()
    send, facts = STAMPS[fault]
    robot.sees('images', '/image_raw: ', *facts, send=send)


def test_a_single_bad_image_is_told_although_the_next_is_good(robot: Robot) -> None:
    robot.camera.decide(with_fields(step=7))
    robot.sees('images', 'a moment ago: unreadable: image step is 7 bytes', send=good)


@pytest.mark.parametrize(
    ('shape', 'facts'),
    [({'height': 24, 'width': 32}, "64x48 'bgr8' to 32x24 'bgr8'"), ({'encoding': 'rgb8'}, "'bgr8' to 64x48 'rgb8'")],
)
def test_images_that_change_are_told(robot: Robot, shape: dict[str, Any], facts: str) -> None:
    turn = count()
    robot.sees(
        'images', 'a moment ago: images changed from', facts, send=lambda: good(**shape if next(turn) % 2 else {})
    )


@pytest.mark.parametrize(
    ('shape', 'facts', 'level'),
    [
        ({'encoding': 'mono8'}, 'camera sends mono8, model was calibrated on colour', DiagnosticStatus.ERROR),
        ({'height': 36}, 'camera sends 64x36, model was calibrated on the shape of 64x48', DiagnosticStatus.WARN),
        ({'height': 16}, 'camera sends 64x16, model was calibrated on the shape of 64x48', DiagnosticStatus.ERROR),
    ],
)
def test_a_camera_unlike_the_calibration_is_told(robot: Robot, shape: dict[str, Any], facts: str, level: bytes) -> None:
    robot.sees('model', facts, level=level, send=lambda: good(**shape))


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
def test_files_of_the_model_that_are_gone_are_told(robot: Robot, name: str) -> None:
    file = robot.model / name
    elsewhere = file.rename(file.with_suffix('.away'))
    robot.sees('model', f'{file} is gone', 'a restart will fail', send=good)
    elsewhere.rename(file)


def test_files_of_the_model_that_are_others_are_told(robot: Robot) -> None:
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


def test_a_model_that_cannot_be_loaded_is_told_as_long_as_it_is_wanted(robot: Robot, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ('size', 'facts', 'level'),
    [
        ((0, 0), 'camera_info states no size, expected 64x48', DiagnosticStatus.WARN),
        ((32, 24), 'camera_info of another stamp states 32x24, the image is 64x48', DiagnosticStatus.WARN),
        ((48, 48), 'wrong size: 64x48, camera_info says 48x48', DiagnosticStatus.ERROR),
    ],
)
def test_a_camera_info_that_does_not_fit_is_told(
    running: Robot, size: tuple[int, int], facts: str, level: bytes
) -> None:
    def send(width: int, height: int) -> Image:
        image = good()
        running.camera.info_publisher.publish(CameraInfo(width=width, height=height))
        return image

    running.sees('images', facts, level=level, send=lambda: send(*size))
    running.is_well(lambda: send(64, 48))
