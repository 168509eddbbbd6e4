# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event recorder as a real process, beside a stand-in for the perception node."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from std_srvs.srv import Trigger

from support.camera_double import DIAGNOSTICS
from support.perception_double import NODE, PerceptionDouble, tell_until
from support.ros_harness import Probe, Process
from uncd_ros.bags.reader import Bag, decode
from uncd_ros.node.discovery import FoundCamera, cameras_in

TOPICS = {
    '/image_raw/compressed',
    '/segmentation/mask/compressed',
    '/segmentation/uncertainty/compressed',
    '/segmentation/ood',
    '/segmentation/ood_score',
    '/segmentation/ood_status',
}


class Recording:
    """A recorder that listens, and what it is told."""

    def __init__(self, probe: Probe, process: Process, folder: Path) -> None:
        self.probe, self.process, self.folder = probe, process, folder
        self.double = PerceptionDouble(probe)
        probe.listen(DiagnosticArray, DIAGNOSTICS)

    def connect(self) -> None:
        publishers = [self.double.images, *self.double.results.values()]
        wanted = [each for each in publishers if 'overlay' not in each.topic_name]
        tell_until(self.double, self.probe, lambda: all(each.get_subscription_count() for each in wanted))

    def status(self) -> DiagnosticStatus | None:
        reports = (status for msg in reversed(self.probe.heard[DIAGNOSTICS]) for status in msg.status)
        return next((each for each in reports if each.name == 'event_recorder: recording'), None)

    def bags(self) -> list[Path]:
        return sorted(self.folder.glob('event_*'))


@contextmanager
def recording(tmp_path: Path, **parameters: object) -> Iterator[Recording]:
    values = {'folder': tmp_path / 'events', 'before': 100.0, 'after': 1.0, 'longest': 100.0, 'min_free_mb': 0}
    overrides = [word for name, value in (values | parameters).items() for word in ('-p', f'{name}:={value}')]
    probe = Probe()
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.event_recorder', '--ros-args', *overrides)
    try:
        yield Recording(probe, process, tmp_path / 'events')
    finally:
        process.kill()
        probe.close()


def stamps(bag: Path, topic: str) -> list[int]:
    with Bag(bag) as opened:
        return [decode(message).header.stamp.nanosec for message in opened.messages([topic])]


def test_alarm_is_a_bag_and_heartbeats_are_not(tmp_path: Path) -> None:
    with recording(tmp_path) as robot:
        robot.connect()
        for number in range(5):
            robot.double.send(number)
        robot.double.send(5, is_ood=True, alarms=1)
        robot.double.send(6, is_ood=True, alarms=1, heartbeat=True)
        robot.probe.until(robot.bags)
        robot.double.send(7, is_ood=True, alarms=1)
        robot.double.send(8, is_ood=True, alarms=1, heartbeat=True)
        robot.double.send(9, is_ood=True, alarms=2)
        robot.probe.until(lambda: len(robot.bags()) == 2)
        assert robot.process.end(signal.SIGINT) == 0
        assert 'alarm on /image_raw, fog: recorded in event_' in robot.process.output
    first, second = robot.bags()
    assert stamps(first, '/image_raw/compressed')[:6] == [0, 1, 2, 3, 4, 5]
    assert stamps(second, '/image_raw/compressed') == [0, 1, 2, 3, 4, 5, 7, 9]
    assert stamps(second, '/segmentation/mask/compressed') == [0, 1, 2, 3, 4, 5, 7, 9]
    with Bag(second) as bag:
        assert set(bag.topics) == TOPICS


def test_trigger_answers_with_the_bag(tmp_path: Path) -> None:
    with recording(tmp_path) as robot:
        refused = robot.probe.call(Trigger, '/event_recorder/trigger', Trigger.Request())
        assert not refused.success
        assert 'has told no camera' in refused.message
        robot.connect()
        robot.double.send(1)
        robot.probe.until(lambda: 'kept_mb' in str(robot.status()) and robot.status().message == 'ready')
        answer = robot.probe.call(Trigger, '/event_recorder/trigger', Trigger.Request())
        assert answer.success
        bag = Path(answer.message)
        robot.probe.until(bag.is_dir)
    assert stamps(bag, '/image_raw/compressed') == [1]


def test_a_disk_without_room_is_a_warning_and_the_node_lives_on(tmp_path: Path) -> None:
    with recording(tmp_path, min_free_mb=10**9) as robot:
        robot.connect()
        robot.double.send(0)
        robot.double.send(1, is_ood=True, alarms=1)

        def warned() -> bool:
            status = robot.status()
            return status is not None and 'MB are free, expected' in status.message

        robot.probe.until(warned)
        assert robot.status().level == DiagnosticStatus.WARN
        assert robot.bags() == []
        assert robot.process.end(signal.SIGTERM) == 0
        assert robot.process.output.count('MB are free, expected') == 1


def test_wrong_settings_are_one_line(tmp_path: Path) -> None:
    with recording(tmp_path, after=200.0) as robot:
        assert robot.process.wait() == 1
        assert robot.process.output.startswith('error: longest is 100.0, expected 200 to ')


def test_cameras_are_found_in_the_diagnostics_of_the_real_node(running_robot) -> None:
    running_robot.is_well()
    report = running_robot.camera.probe.heard[DIAGNOSTICS][-1]
    assert cameras_in(report, NODE) == [FoundCamera(name='', images='/image_raw', outputs='/segmentation/')]
    assert cameras_in(report, '/other/segmentation') == []


def test_cameras_with_names() -> None:
    statuses = [
        DiagnosticStatus(name=f'robot/segmentation: {name} images', hardware_id=f'/{name}/image_raw/compressed')
        for name in ('front', 'left')
    ]
    front, left = cameras_in(DiagnosticArray(status=statuses), '/robot/segmentation')
    assert (front.name, front.outputs) == ('front', '/robot/segmentation/front/')
    assert left.info == '/left/camera_info'
