# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bond with Nav2's lifecycle manager."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from builtin_interfaces.msg import Time
from lifecycle_msgs.msg import Transition
from std_msgs.msg import Header

from support.camera_double import Camera
from support.node_double import NodeDouble, node_in_process
from uncd_ros.node import bond
from uncd_ros.node.bond import ManagerBond


@dataclass(kw_only=True)
class Status:
    """The fields of bond/msg/Status.msg; any other keyword is an error."""

    header: Header
    id: str
    instance_id: str
    active: bool
    heartbeat_timeout: float
    heartbeat_period: float


class RecordingNode:
    """A node as far as a bond uses one: keeps what is published and logged, and the timers that run."""

    def __init__(self) -> None:
        self.published: list[Status] = []
        self.logged: list[str] = []
        self.beats: list[Any] = []
        self.topics: list[str] = []
        self.context = SimpleNamespace(ok=lambda: True)

    def create_publisher(self, _kind: type, topic: str, _depth: int) -> Any:
        self.topics.append(topic)
        return SimpleNamespace(publish=self.published.append)

    def create_timer(self, _period: float, callback: Any, **_: object) -> Any:
        self.beats.append(callback)
        return callback

    def destroy_timer(self, timer: Any) -> None:
        self.beats.remove(timer)

    def get_name(self) -> str:
        return 'segmentation'

    def get_clock(self) -> Any:
        return SimpleNamespace(now=lambda: SimpleNamespace(to_msg=lambda: Time(sec=7)))

    def get_logger(self) -> Any:
        return SimpleNamespace(info=self.logged.append)


@pytest.fixture
def node() -> RecordingNode:
    return RecordingNode()


def test_each_activation_is_a_bond_of_its_own(node: RecordingNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bond, 'Status', Status)
    pair = ManagerBond(node, None)  # type: ignore[arg-type]
    for _ in range(2):
        pair.start()
        node.beats[0]()
        pair.stop()
        pair.stop()
    first, last = node.published[0], node.published[-1]
    assert [status.active for status in node.published] == [True, False, True, False]
    assert {status.id for status in node.published} == {'segmentation'}
    assert first.instance_id != last.instance_id
    assert (node.topics, node.beats, first.header.stamp) == (['bond'], [], Time(sec=7))


def test_without_the_messages_the_log_says_what_the_manager_needs(
    node: RecordingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bond, 'Status', None)
    pair = ManagerBond(node, None)  # type: ignore[arg-type]
    pair.start()
    pair.stop()
    assert node.published == []
    assert 'bond_timeout: 0.0' in node.logged[0]


@pytest.fixture
def bondpy() -> Any:
    """What the manager uses, in Python."""
    return pytest.importorskip('bondpy.bondpy', reason='bondpy comes with a ROS distribution, not from pip')


@pytest.fixture
def running(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NodeDouble, Camera]]:
    with node_in_process(monkeypatch, tiny_model) as running:
        yield running


def test_nav2s_side_of_the_bond_holds_from_activation_to_deactivation(
    bondpy: Any, running: tuple[NodeDouble, Camera]
) -> None:
    double, camera = running
    camera.probe.listen(bond.Status, 'bond')
    formed: list[bool] = []
    assert not camera.probe.node.count_publishers('/bond'), 'a node that starts itself has no manager'
    assert camera.change(Transition.TRANSITION_DEACTIVATE)
    assert camera.change(Transition.TRANSITION_CLEANUP)
    assert camera.set(autostart=False) == ''
    assert camera.change(Transition.TRANSITION_CONFIGURE)
    assert camera.change(Transition.TRANSITION_ACTIVATE)
    manager = bondpy.Bond(camera.probe.node, 'bond', 'segmentation', on_formed=lambda: formed.append(True))
    manager.connect_timeout = manager.heartbeat_timeout = 100.0
    manager.start()
    camera.probe.until(lambda: formed)
    double.loading.close()
    change = camera.start_setting(model=str(double.node.get_parameter('model').value) + '/')
    camera.probe.until(double.loading.reached.is_set)
    heard = camera.probe.heard['bond']
    heard.clear()
    camera.probe.until(lambda: sum(beat.instance_id != manager.instance_id for beat in heard) > 5)
    double.loading.open()
    camera.probe.until(change.done)
    assert not manager.is_broken()
    assert camera.change(Transition.TRANSITION_DEACTIVATE)
    camera.probe.until(manager.is_broken)
    manager.shutdown()
