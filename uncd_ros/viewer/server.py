# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page and its live stream over HTTP: only to look at, by default only from this machine."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web

from uncd_ros.errors import ConfigError, ImageError
from uncd_ros.viewer.hub import Hub, Page
from uncd_ros.viewer.picture import LARGE, SMALL, VIEWS, View

FILES = {
    '/': ('page.html', 'text/html'),
    '/page.css': ('page.css', 'text/css'),
    '/page.js': ('page.js', 'text/javascript'),
}
LOOPBACK = ('127.0.0.1', '::1', 'localhost')
PERIOD = 1 / 10
"""Seconds at least between two times that a page is sent what is new: a person follows a scene at that; encoding and
sending each image of a fast camera would take time from the network."""
SMALL_VIEW: View = 'camera'
SMALL_PERIOD = 0.5
"""Seconds between two small pictures."""
LINGER = 2.0
"""Seconds for which a camera counts as looked at after its last page has gone: a page may just be turning over."""
HEARTBEAT = 10.0
"""Seconds after which a page must answer; one that has stalled is given up."""
HEADERS = {
    'Content-Security-Policy': "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer:
    """Serves until it is closed, by a thread of its own. There is nothing but GET, and no message of a page is read."""

    def __init__(self, hub: Hub, host: str, port: int) -> None:
        """Port 0 is any free one. Raises ConfigError where it cannot listen there."""
        self._hub, self._host, self._port = hub, host, port
        self._pool = ThreadPoolExecutor(1, thread_name_prefix='jpeg')
        self._loop = asyncio.new_event_loop()
        self._pages: set[web.WebSocketResponse] = set()
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        try:
            self.url = self._loop.run_until_complete(self._listen())
        except OSError as error:
            self._loop.close()
            raise ConfigError(f'{host}:{port}: cannot be listened on ({error.strerror}), set host and port') from None
        self._thread = threading.Thread(target=self._loop.run_forever, name='http')
        self._thread.start()

    def close(self) -> None:
        """Turn all pages away; may be called twice."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._pool.shutdown()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._guard])
        for path, (name, kind) in FILES.items():
            application.router.add_get(path, _file(name, kind))
        application.router.add_get('/live', self._live)
        return application

    async def _listen(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        port = self._runner.addresses[0][1]
        return f'http://{f"[{self._host}]" if ":" in self._host else self._host}:{port}/'

    async def _end(self) -> None:
        for page in list(self._pages):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(page.close(), 1.0)
        await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep other web sites, which the same browser shows, from looking through the robot's cameras."""
        origin = request.headers.get('Origin')
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text='asked for by another web site')
        # A site may have its own name lead to this machine; an address or localhost it cannot have.
        if self._host in LOOPBACK and (urlsplit(f'//{request.host}').hostname or '') not in LOOPBACK:
            raise web.HTTPForbidden(text=f'expected one of {", ".join(LOOPBACK)} in the address')
        return await handler(request)

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        """The stream of one camera, `?camera=NAME&view=VIEW`; without a camera, only reports, which name them all.

        Reports and decisions are JSON. A picture is a byte, its place in VIEWS, and a JPEG: the view that was asked for
        is large, the camera image beside it small. The third is not sent, for what nobody wants the node does not make.
        """
        view = request.query.get('view', VIEWS[0])
        if view not in VIEWS:
            raise web.HTTPBadRequest(text=f"view is '{view}', expected {' or '.join(VIEWS)}")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=1024)
        await socket.prepare(request)
        self._pages.add(socket)
        try:
            with self._hub.page(request.query.get('camera'), {view, SMALL_VIEW}, LINGER) as page:
                await _first_of(self._send(socket, page, view), _until_closed(socket))
        finally:
            self._pages.discard(socket)
            # A page that has stalled will not take what is still to be sent: the connection must not wait for that.
            if socket.close_code == WSCloseCode.ABNORMAL_CLOSURE and request.transport:
                request.transport.abort()
        return socket

    async def _send(self, socket: web.WebSocketResponse, page: Page, large: View) -> None:
        """The newest of everything, as fast as the page takes it; what it has missed by then is left out."""
        next_small = 0.0
        with suppress(ConnectionError):
            while True:
                with suppress(asyncio.TimeoutError):  # a small picture may have come too early for its turn
                    await asyncio.wait_for(page.wait(), SMALL_PERIOD)
                next_turn = self._loop.time() + PERIOD
                if report := page.report():
                    await socket.send_str(_json(report=asdict(report)))
                if decisions := page.decisions():
                    await socket.send_str(_json(decisions=[asdict(each) for each in decisions]))
                await self._send_picture(socket, page, large, LARGE)
                if large != SMALL_VIEW and self._loop.time() >= next_small:
                    next_small = self._loop.time() + SMALL_PERIOD
                    await self._send_picture(socket, page, SMALL_VIEW, SMALL)
                await asyncio.sleep(next_turn - self._loop.time())

    async def _send_picture(self, socket: web.WebSocketResponse, page: Page, view: View, width: int) -> None:
        picture = page.picture(view)
        if picture is None:
            return
        with suppress(ImageError):  # the node says what is wrong with it
            jpeg = await self._loop.run_in_executor(self._pool, picture.jpeg, width)
            await socket.send_bytes(bytes([VIEWS.index(view)]) + jpeg)


async def _until_closed(socket: web.WebSocketResponse) -> None:
    """What a page says is passed over; aiohttp needs somebody to read, or it would not see the answers to pings."""
    async for _ in socket:
        pass


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Until one of them ends; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


def _file(name: str, kind: str) -> Handler:
    body = (files('uncd_ros.viewer') / 'page' / name).read_bytes()

    async def send(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind, charset='utf-8', headers=HEADERS)

    return send


def _json(**content: Any) -> str:
    return json.dumps(content, allow_nan=False)
