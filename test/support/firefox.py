# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A page in headless Firefox, looked at over WebDriver BiDi."""

import asyncio
import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np

PROGRAMS = ('firefox', 'firefox-esr')


def find() -> str | None:
    """Its path; None where it is not installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def screenshot(program: str, folder: Path, url: str, ready: str, size: tuple[int, int], tick: Callable[[], Any]) -> Any:
    """As that of chromium.py."""
    folder.mkdir()
    command = [program, '--headless', '--no-remote', '--profile', str(folder), '--remote-debugging-port=0']
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return asyncio.run(_look(folder / 'WebDriverBiDiServer.json', url, ready, size, tick))
    finally:
        running.terminate()
        running.wait()


async def _look(server: Path, url: str, ready: str, size: tuple[int, int], tick: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60.0
    while not (server.is_file() and server.read_text()):
        await _beat(tick, end)
    port = json.loads(server.read_text())['ws_port']
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f'ws://127.0.0.1:{port}/session', max_msg_size=0) as bidi,
    ):
        numbers = count()

        async def call(method: str, **parameters: Any) -> Any:
            number = next(numbers)
            await bidi.send_json({'id': number, 'method': method, 'params': parameters})
            while (answer := json.loads((await bidi.receive()).data)).get('id') != number:
                pass
            return answer['result']

        await call('session.new', capabilities={})
        tab = (await call('browsingContext.getTree'))['contexts'][0]['context']
        await call('browsingContext.setViewport', context=tab, viewport={'width': size[0], 'height': size[1]})
        await call('browsingContext.navigate', context=tab, url=url, wait='complete')
        asked = {'expression': ready, 'target': {'context': tab}, 'awaitPromise': False}
        while (await call('script.evaluate', **asked))['result'].get('value') is not True:
            await _beat(tick, end)
        image = await call('browsingContext.captureScreenshot', context=tab)
    return cv2.imdecode(np.frombuffer(base64.b64decode(image['data']), np.uint8), cv2.IMREAD_COLOR)


async def _beat(tick: Callable[[], Any], end: float) -> None:
    assert time.monotonic() < end, 'the page did not get ready'
    tick()
    await asyncio.sleep(0.05)
