# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page's HTTP side, with a stand-in for the node."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

pytest.importorskip('aiohttp', reason='serves the page')

import aiohttp

from uncd_ros.errors import ConfigError, ImageError
from uncd_ros.viewer import server as server_module
from uncd_ros.viewer.hub import Decision, Hub, Report
from uncd_ros.viewer.picture import LARGE, SMALL, VIEWS, Picture
from uncd_ros.viewer.server import FILES, PageServer

PAGES = [*FILES, '/live']


class Source:
    """Sends pictures that tell their number by their grey value."""

    def __init__(self) -> None:
        self.wanted: list[frozenset] = []
        self.hub = Hub('/segmentation', lambda: self.wanted.append(self.hub.wanted()))
        self.sent = 0
        self.encoded: list[int] = []

    def send(self, camera: str = 'front', view: str = 'overlay', size: tuple[int, int] = (24, 32)) -> None:
        number, self.sent = self.sent, self.sent + 1

        def read() -> np.ndarray:
            self.encoded.append(number)
            return np.full((*size, 3), number % 250, np.uint8)

        self.hub.show(camera, view, Picture(read))

    def decide(self, score: float | None = 0.5, camera: str = 'front') -> None:
        decision = Decision(
            time=1.0, score=score, threshold=0.4, is_ood=True, reason='fog', fault='', alarms=1
        )  # fmt: skip
        self.hub.tell(camera, decision)


@contextmanager
def serving(monkeypatch, linger: float = 0.0, **where) -> Iterator[tuple[Source, PageServer]]:
    monkeypatch.setattr(server_module, 'LINGER', linger)
    source = Source()
    server = PageServer(source.hub, **{'host': '127.0.0.1', 'port': 0} | where)
    try:
        yield source, server
    finally:
        server.close()


@pytest.fixture
def served(monkeypatch):
    with serving(monkeypatch) as both:
        yield both


def talk(url: str, talking) -> None:
    """Run `talking(session)` against a server."""

    async def run() -> None:
        async with aiohttp.ClientSession(base_url=url, timeout=aiohttp.ClientTimeout(60)) as session:
            await talking(session)

    asyncio.run(run())


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def hear(live, key: str):
    """The next message of that kind: 'report', 'decisions' or a view."""
    while True:
        message = await live.receive()
        if message.type == aiohttp.WSMsgType.BINARY:
            if VIEWS[message.data[0]] == key:
                return cv2.imdecode(np.frombuffer(message.data[1:], np.uint8), cv2.IMREAD_COLOR)
        else:
            assert message.type == aiohttp.WSMsgType.TEXT, message
            content = json.loads(message.data)
            if key in content:
                return content[key]


def test_files_of_the_page(served):
    async def talking(session):
        for path, (_, kind) in FILES.items():
            async with session.get(path) as response:
                assert (response.status, response.content_type) == (200, kind)
                assert "default-src 'self'" in response.headers['Content-Security-Policy']
                assert 'http' not in (await response.text()).replace("location.origin.replace('http', 'ws')", '')
        async with session.get('/other') as response:
            assert response.status == 404

    talk(served[1].url, talking)


@pytest.mark.parametrize('path', PAGES)
@pytest.mark.parametrize('method', ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
def test_there_is_nothing_but_get(served, path, method):
    async def talking(session):
        async with session.request(method, path) as response:
            assert response.status == 405

    talk(served[1].url, talking)


@pytest.mark.parametrize(
    'headers', [{'Origin': 'http://evil.example'}, {'Origin': 'null'}, {'Host': 'evil.example:8080'}]
)
@pytest.mark.parametrize('path', ['/', '/live'])
def test_other_web_sites_are_turned_away(served, path, headers):
    async def talking(session):
        async with session.get(path, headers=headers) as response:
            assert response.status == 403

    talk(served[1].url, talking)


def test_its_own_page_is_not(served):
    _, server = served

    async def talking(session):
        async with session.get('/', headers={'Origin': server.url.rstrip('/')}) as response:
            assert response.status == 200
        async with session.get('/live?view=secret') as response:
            assert response.status == 400

    talk(server.url, talking)


def test_a_page_is_sent_reports_decisions_and_pictures(served):
    source, server = served

    async def talking(session):
        async with session.ws_connect('/live?camera=front&view=camera') as live:
            assert (await hear(live, 'report'))['node'] == '/segmentation'
            source.hub.report(Report(node='/segmentation', cameras={'front': {'fps': '9.5'}}))
            assert (await hear(live, 'report'))['cameras'] == {'front': {'fps': '9.5'}}
            source.decide()
            source.decide(None)
            decisions = await hear(live, 'decisions')
            decisions += [] if len(decisions) == 2 else await hear(live, 'decisions')
            assert [each['score'] for each in decisions] == [0.5, None]
            assert decisions[0]['reason'] == 'fog'
            source.send(view='camera', size=(1000, 2000))
            assert (await hear(live, 'camera')).shape == (640, LARGE, 3)
            source.send(camera='left')
            source.send(view='overlay', size=(1000, 2000))
            assert (await hear(live, 'overlay')).shape == (160, SMALL, 3)
        await until(lambda: not source.hub.wanted())

    talk(server.url, talking)


def test_what_is_wanted_follows_the_pages(monkeypatch):
    with serving(monkeypatch, linger=0.2) as (source, server):

        async def talking(session):
            async with session.ws_connect('/live') as first:
                await hear(first, 'report')
                assert source.wanted[-1] == {None}
                async with session.ws_connect('/live?camera=front'), session.ws_connect('/live?camera=front'):
                    await until(lambda: source.hub.wanted() == {None, 'front'})
                await until(lambda: source.hub.wanted() == {None})
                async with session.ws_connect('/live?camera='):
                    await until(lambda: source.hub.wanted() == {None, ''})
            await until(lambda: not source.hub.wanted())
            assert source.wanted[-1] == frozenset()

        talk(server.url, talking)


def test_nothing_is_encoded_without_a_page_and_once_for_two(served):
    source, server = served
    for _ in range(5):
        source.send()

    async def talking(session):
        async with session.ws_connect('/live?camera=front') as one, session.ws_connect('/live?camera=front') as other:
            assert (await hear(one, 'overlay'))[0, 0, 0] == pytest.approx(4, abs=2)
            await hear(other, 'overlay')
            assert source.encoded == [4]

    talk(server.url, talking)


def test_a_picture_that_cannot_be_read_is_left_out(served):
    source, server = served

    def fail() -> np.ndarray:
        raise ImageError('damaged')

    async def talking(session):
        async with session.ws_connect('/live?camera=front') as live:
            source.hub.show('front', 'overlay', Picture(fail))
            source.decide()
            await hear(live, 'decisions')
            source.send()
            await hear(live, 'overlay')

    talk(server.url, talking)


def test_a_page_that_stalls_slows_nobody_and_is_sent_the_newest_when_it_goes_on(served):
    source, server = served
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (960, 1280, 3), np.uint8)  # some 600 kB each: more than buffers hold
    stalled = socket.create_connection(('127.0.0.1', int(server.url.split(':')[-1].strip('/'))))
    host = server.url.removeprefix('http://').strip('/')
    handshake = f'GET /live?camera=front HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    stalled.sendall(f'{handshake}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {"A" * 22}==\r\n\r\n'.encode())

    async def talking(session):
        async with session.ws_connect('/live?camera=front') as live:
            await until(lambda: len(server._pages) == 2)
            for _ in range(40):
                source.hub.show('front', 'overlay', Picture(lambda: noise))
                await hear(live, 'overlay')

    talk(server.url, talking)
    stalled.close()


def test_a_port_that_is_taken_is_one_sentence(served):
    port = int(served[1].url.split(':')[-1].strip('/'))
    with pytest.raises(ConfigError, match=f'127.0.0.1:{port}: cannot be listened on'):
        PageServer(served[0].hub, '127.0.0.1', port)


def test_nothing_of_it_is_left_when_it_is_closed(monkeypatch):
    before = threading.active_count()
    with serving(monkeypatch) as (source, server):

        async def talking(session):
            async with session.ws_connect('/live?camera=front') as live:
                await hear(live, 'report')

        talk(server.url, talking)
        source.send()
    assert threading.active_count() == before
