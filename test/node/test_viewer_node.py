# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The viewer as a real process, beside a stand-in for the perception node: what it subscribes to, and when."""

import asyncio
import json
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')
pytest.importorskip('aiohttp', reason='serves the page')

import aiohttp

from support import chromium, firefox
from support.perception_double import PerceptionDouble, tell_until
from support.ros_harness import Probe, Process
from uncd_ros.viewer.picture import VIEWS

TOPICS = {'overlay': 'overlay_preview', 'uncertainty': 'uncertainty'}
"""Of a view."""


class Watched:
    """A viewer, and the node that it shows."""

    def __init__(self, probe: Probe, process: Process) -> None:
        self.probe, self.process = probe, process
        self.double = PerceptionDouble(probe)
        probe.until(lambda: 'open http' in process.output, 60.0)
        self.url = re.search(r'open (http\S+) in', process.output)[1]

    def subscriptions(self) -> dict[str, int]:
        """Of the viewer, by topic."""
        topics = ('/diagnostics', '/image_raw', *(f'/segmentation/{name}' for name in self.double.results))
        return {topic: self.probe.node.count_subscribers(topic) for topic in topics}


class Browser:
    """A page that is open, on a thread of its own; keeps what it is sent."""

    def __init__(self, url: str, view: str) -> None:
        self.reports, self.decisions, self.pictures = [], [], {}
        self._url = f'{url}live?camera=&view={view}'
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._look()))
        self._closing = asyncio.Event()
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    async def _look(self) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(self._url) as live:
            closing = asyncio.ensure_future(self._closing.wait())
            while not closing.done():
                heard = asyncio.ensure_future(live.receive())
                await asyncio.wait({closing, heard}, return_when=asyncio.FIRST_COMPLETED)
                if heard.done():
                    self._take(heard.result())
                heard.cancel()

    def _take(self, message: aiohttp.WSMessage) -> None:
        if message.type == aiohttp.WSMsgType.BINARY:
            jpeg = np.frombuffer(message.data[1:], np.uint8)
            self.pictures[VIEWS[message.data[0]]] = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        elif message.type == aiohttp.WSMsgType.TEXT:
            content = json.loads(message.data)
            self.reports += [content['report']] if 'report' in content else []
            self.decisions += content.get('decisions', [])


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    probe = Probe()
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.viewer', '--ros-args', '-p', 'port:=0')
    try:
        yield Watched(probe, process)
    finally:
        process.kill()
        probe.close()


@pytest.mark.parametrize('view', VIEWS)
def test_subscriptions_come_and_go_with_the_page(watched: Watched, view: str) -> None:
    assert not any(watched.subscriptions().values())
    browser = Browser(watched.url, view)
    try:
        wanted = {'/diagnostics', '/image_raw', '/segmentation/ood_status'}
        wanted |= set() if view == 'camera' else {f'/segmentation/{TOPICS[view]}'}

        def shown() -> bool:
            return {topic for topic, number in watched.subscriptions().items() if number} == wanted

        tell_until(watched.double, watched.probe, shown)
    finally:
        browser.close()
    watched.probe.until(lambda: not any(watched.subscriptions().values()))
    assert watched.process.end(signal.SIGINT) == 0
    assert 'Traceback' not in watched.process.output


@pytest.mark.parametrize('view', ['overlay', 'uncertainty'])
def test_the_page_is_sent_what_the_node_says(watched: Watched, view: str) -> None:
    browser = Browser(watched.url, view)
    try:
        publishers = [watched.double.images, watched.double.results[TOPICS[view]], watched.double.results['ood_status']]
        tell_until(watched.double, watched.probe, lambda: all(each.get_subscription_count() for each in publishers))

        def shown() -> bool:
            watched.double.send(1, is_ood=True, alarms=3)
            return set(browser.pictures) == {view, 'camera'} and bool(browser.decisions)

        watched.probe.until(shown, 60.0)
    finally:
        browser.close()
    report = browser.reports[-1]
    assert report['node'] == '/segmentation'
    assert report['cameras']['']['fps'] == '10.0'
    assert report['cameras']['']['level'] == 'ok'
    decision = browser.decisions[-1]
    assert (decision['is_ood'], decision['reason'], decision['alarms']) == (True, 'fog', 3)
    assert (decision['score'], decision['threshold'], decision['fault']) == (0.5, 0.4, '')
    assert browser.pictures[view].shape == (48, 64, 3)
    assert (browser.pictures[view].max() < 10) == (view == 'uncertainty')  # black is certain


def test_a_port_that_is_taken_is_one_line(watched: Watched, tmp_path: Path) -> None:
    port = watched.url.split(':')[-1].strip('/')
    other = Process(tmp_path / 'other.txt', 'uncd_ros.node.viewer', '--ros-args', '-p', f'port:={port}')
    assert other.wait() == 1
    assert other.output.startswith(f'error: 127.0.0.1:{port}: cannot be listened on')
    assert other.output.count('\n') == 1


@pytest.mark.parametrize('browser', [chromium, firefox], ids=['chromium', 'firefox'])
def test_a_browser_shows_the_alarm(watched: Watched, tmp_path: Path, browser: ModuleType) -> None:
    """The whole page, headless: the red of the flag, and a picture."""
    program = browser.find()
    if program is None:
        pytest.skip(f'needs one of {", ".join(browser.PROGRAMS)}')

    def tick() -> None:
        watched.double.tell_cameras()
        watched.double.send(1, is_ood=True, alarms=1)
        watched.probe.within(0.01, lambda: False)

    ready = "document.body.dataset.state === 'alarm' && 'seen' in document.body.dataset"
    page = browser.screenshot(program, tmp_path / 'profile', watched.url, ready, (1280, 800), tick).astype(int)
    blue, green, red = page[..., 0], page[..., 1], page[..., 2]
    assert ((red > 240) & (green < 100) & (blue < 100)).sum() > 500, 'the flag is not red'
    assert page[150:500, 200:700].std() > 20, 'there is no picture'
