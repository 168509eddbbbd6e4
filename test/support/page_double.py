# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The live page served, with a stand-in for the node, and a browser that reads its stream."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import cv2
import numpy as np

from uncd_ros.viewer import server as server_module
from uncd_ros.viewer.hub import Decision, Hub
from uncd_ros.viewer.picture import VIEWS, Picture
from uncd_ros.viewer.server import PageServer


class Source:
    """Sends pictures that tell their number by their grey value."""

    def __init__(self) -> None:
        self.wanted: list[frozenset] = []
        """By change."""
        self.hub = Hub('/segmentation', lambda: self.wanted.append(self.hub.wanted()))
        self.sent = 0
        self.encoded: list[int] = []
        """Numbers of the pictures that somebody looked at."""

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


def talk(url: str, talking: Callable[[Any], Awaitable[None]]) -> None:
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
