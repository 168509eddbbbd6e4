# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera drivers that know nothing of this project, as processes of their own with the defaults of DDS."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from support.camera_double import DIAGNOSTICS, key_values
from support.ros_harness import PROJECT, Probe, Process, environment, perception_node

SETTINGS = ('FASTDDS', 'FASTRTPS', 'MALLOC')
"""Beginnings of the variables that help large images along."""


@dataclass
class Robot:
    """The node, and what its diagnostics say of the camera."""

    process: Process
    probe: Probe

    def statuses(self) -> list[DiagnosticStatus]:
        """All so far."""
        return [msg.status[0] for msg in self.probe.heard[DIAGNOSTICS]]

    def count(self, key: str) -> int:
        """By the latest diagnostics."""
        return int(key_values(self.statuses()[-1])[key])


@pytest.fixture(scope='module')
def robot(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Robot]:
    probe = Probe()
    probe.listen(DiagnosticArray, DIAGNOSTICS)
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(SETTINGS):
                patch.delenv(name)
        # Where the node's thread is held up for long, images wait for it instead of being overwritten.
        waiting = {'qos_overrides./image_raw.subscription.depth': 100}
        with perception_node(tmp_path_factory.mktemp('node') / 'log.txt', tiny_model, **waiting) as process:
            robot = Robot(process, probe)
            probe.until(robot.statuses, 120.0)
            yield robot
    probe.close()


@contextmanager
def sent_by_camera(robot: Robot, *arguments: object) -> Iterator[int]:
    """Number of images that a driver has sent by now, which lives until the end of the block."""
    script = str(PROJECT / 'test' / 'support' / 'plain_camera.py')
    command = [sys.executable, script, *map(str, arguments)]
    plain = {name: value for name, value in environment().items() if not name.startswith(SETTINGS)}
    with subprocess.Popen(command, env=plain, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as driver:
        try:
            os.set_blocking(driver.stdout.fileno(), False)
            yield json.loads(robot.probe.until(driver.stdout.readline, 60.0))['sent']
        finally:
            driver.stdin.close()


@pytest.mark.parametrize(
    ('width', 'height', 'rate', 'images'), [(640, 480, 15, 30), (1280, 720, 5, 20), (1920, 1080, 5, 20)]
)
def test_every_image_of_a_plain_camera_arrives(robot: Robot, width: int, height: int, rate: int, images: int) -> None:
    before = robot.count('received')
    with sent_by_camera(robot, width, height, rate, images) as sent:
        robot.probe.within(20.0, lambda: robot.count('received') >= before + sent)
        assert (sent, robot.count('received') - before, robot.count('lost')) == (images, images, 0)


def test_losses_of_a_best_effort_camera_are_counted_and_the_remedies_told(robot: Robot) -> None:
    received, lost = robot.count('received'), robot.count('lost')
    with sent_by_camera(robot, 1920, 1080, 20, 60, 'best_effort') as sent:
        told = 'were lost on the way in the last 10 s: let the camera driver publish reliable, or start it with'
        (status,) = robot.probe.until(lambda: [each for each in robot.statuses()[-1:] if told in each.message])
        assert (status.level, 'compressed' in status.message) == (DiagnosticStatus.WARN, True)
        robot.probe.until(lambda: told in robot.process.output)

        def is_counted() -> bool:
            missing = sent - (robot.count('received') - received)
            return abs(robot.count('lost') - lost - missing) <= 0.05 * missing

        robot.probe.until(is_counted)
        assert robot.count('received') - received < sent
