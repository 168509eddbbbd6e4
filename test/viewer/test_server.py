# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page's HTTP side: what it serves, and to whom."""

import threading

import pytest

pytest.importorskip('aiohttp', reason='serves the page')

from support.page_double import hear, serving, talk
from uncd_ros.errors import ConfigError
from uncd_ros.viewer.server import FILES, PageServer

PAGES = [*FILES, '/live']


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
