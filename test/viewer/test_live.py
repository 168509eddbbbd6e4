# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an open page is sent, and what pages cost."""

import asyncio
import socket

import numpy as np
import pytest

pytest.importorskip('aiohttp', reason='serves the page')

from support.page_double import hear, serving, talk, until
from uncd_ros.errors import ImageError
from uncd_ros.viewer import server as server_module
from uncd_ros.viewer.hub import Hub, Report
from uncd_ros.viewer.picture import LARGE, SMALL, Picture


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
        async with session.ws_connect('/live?camera=front') as live:
            source.send(camera='left', view='camera')
            source.send(view='camera', size=(1000, 2000))
            assert (await hear(live, 'camera')).shape == (160, SMALL, 3)
        await until(lambda: not source.hub.wanted())

    talk(server.url, talking)


def test_what_is_wanted_follows_the_pages(monkeypatch):
    with serving(monkeypatch, linger=0.2) as (source, server):

        async def talking(session):
            async with session.ws_connect('/live') as first:
                await hear(first, 'report')
                nothing_yet = {(None, 'overlay'), (None, 'camera')}
                assert source.wanted[-1] == nothing_yet
                async with session.ws_connect('/live?camera=front'), session.ws_connect('/live?camera=front'):
                    await until(
                        lambda: source.hub.wanted() - nothing_yet == {('front', 'overlay'), ('front', 'camera')}
                    )
                await until(lambda: source.hub.wanted() == nothing_yet)
                async with session.ws_connect('/live?camera=&view=camera'):
                    await until(lambda: source.hub.wanted() - nothing_yet == {('', 'camera')})
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


def test_a_page_is_updated_at_most_so_often(served):
    source, server = served

    async def talking(session):
        begun = asyncio.get_running_loop().time()
        async with session.ws_connect('/live?camera=front') as live:
            for shown in range(6):
                source.send()
                await hear(live, 'overlay')
                assert shown <= (asyncio.get_running_loop().time() - begun) / server_module.PERIOD

    talk(server.url, talking)


def test_what_comes_in_between_wakes_a_page_once(monkeypatch):
    hub = Hub('/segmentation', lambda: None)
    woken = []

    async def look():
        with hub.page('front', {'overlay'}, 0.0) as page:
            await page.wait()
            loop = asyncio.get_running_loop()
            wake = loop.call_soon_threadsafe
            monkeypatch.setattr(loop, 'call_soon_threadsafe', lambda done: woken.append(done) or wake(done))
            for turn in range(2):
                for grey in range(10):
                    hub.show('front', 'overlay', Picture(lambda grey=grey: np.full((24, 32, 3), grey, np.uint8)))
                await page.wait()
                assert len(woken) == turn + 1
                assert page.picture('overlay') is not None
                assert page.picture('overlay') is None

    asyncio.run(look())


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


NOISE = np.random.default_rng(0).integers(0, 255, (960, 1280, 3), np.uint8)
"""Some 600 kB as a JPEG: more than buffers hold."""


def stalled_page(server) -> socket.socket:
    """A client that asks for the stream and then reads nothing."""
    host = server.url.removeprefix('http://').strip('/')
    client = socket.create_connection(('127.0.0.1', int(host.rpartition(':')[2])))
    handshake = f'GET /live?camera=front HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    client.sendall(f'{handshake}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {"A" * 22}==\r\n\r\n'.encode())
    return client


def test_a_page_that_stalls_slows_nobody(served):
    source, server = served

    async def talking(session):
        async with session.ws_connect('/live?camera=front') as live:
            await until(lambda: len(server._pages) == 2)
            for _ in range(40):
                source.hub.show('front', 'overlay', Picture(lambda: NOISE))
                await hear(live, 'overlay')

    with stalled_page(server):
        talk(server.url, talking)


def test_a_page_that_stalls_is_given_up(served, monkeypatch):
    """Its connection, too, although what was to be sent is still in the buffers."""
    source, server = served
    monkeypatch.setattr(server_module, 'HEARTBEAT', 0.5)

    def connections() -> int:
        return len(server._runner.server.connections)

    async def talking(_session):
        await until(lambda: len(server._pages) == 1)
        while connections():
            source.hub.show('front', 'overlay', Picture(lambda: NOISE))
            await asyncio.sleep(0.05)

    with stalled_page(server):
        talk(server.url, talking)
    assert not source.hub.wanted()
