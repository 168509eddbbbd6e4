# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The live page beside the demo."""

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')
pytest.importorskip('aiohttp', reason='serves the page')

from rich.console import Console

from support.ros_harness import DOMAIN
from uncd_ros.node import demo_page


class Alone:
    """A recorder beside which the viewer looks at the preview, sooner or later, or nobody does."""

    def __init__(self, *subscribers: int) -> None:
        self._subscribers = list(subscribers)

    def count_subscribers(self, topic: str) -> int:
        assert topic == demo_page.PREVIEW
        return self._subscribers.pop(0) if len(self._subscribers) > 1 else self._subscribers[0]


def spin(condition: Callable[[], bool], _seconds: float) -> None:
    while not condition():
        time.sleep(0.05)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """One that is free, for the page; its process is in the domain of the tests."""
    monkeypatch.setenv('ROS_DOMAIN_ID', str(DOMAIN))
    with socket.socket() as any_free:
        any_free.bind(('127.0.0.1', 0))
        number = int(any_free.getsockname()[1])
    monkeypatch.setattr(demo_page, 'PORT', number)
    return number


def test_waits_until_the_page_is_open(port: int, tmp_path: Path) -> None:
    with (tmp_path / 'out.txt').open('w') as out, demo_page.live_page(Alone(0, 0, 1), spin, Console(file=out)):
        pass
    assert re.search(rf'open http://127.0.0.1:{port}/ in a browser', (tmp_path / 'out.txt').read_text())


def test_a_port_that_is_taken_ends_the_demo(port: int) -> None:
    page = demo_page.live_page(Alone(0), spin, Console(quiet=True))
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', port))
        taken.listen()
        with pytest.raises(demo_page.PageError, match='the viewer did not start'), page:
            raise AssertionError('it started')
