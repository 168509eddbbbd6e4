# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A page in headless Chromium, looked at over the DevTools protocol."""

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

PROGRAMS = ('chromium', 'chromium-headless-shell', 'google-chrome')


def find() -> str | None:
    """Its path; None where it is not installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def screenshot(program: str, folder: Path, url: str, ready: str, size: tuple[int, int], tick: Callable[[], Any]) -> Any:
    """(H, W, 3) BGR picture of a page of (width, height), once the JavaScript expression `ready` holds on it.

    `tick` is called over and over meanwhile, by this thread; the profile goes into `folder`. Fails after a minute.
    """
    flags = ('--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', '--hide-scrollbars')
    flags += (f'--user-data-dir={folder}', f'--window-size={size[0]},{size[1]}')
    running = subprocess.Popen([program, *flags, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return asyncio.run(_look(folder / 'DevToolsActivePort', ready, tick))
    finally:
        running.terminate()
        running.wait()


async def _look(port_file: Path, ready: str, tick: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60.0
    while not (port_file.is_file() and port_file.read_text()):
        await _beat(tick, end)
    port = port_file.read_text().split()[0]
    async with aiohttp.ClientSession() as session:
        async with session.get(f'http://127.0.0.1:{port}/json/list') as response:
            pages = [each for each in await response.json() if each['type'] == 'page']
        async with session.ws_connect(pages[0]['webSocketDebuggerUrl'], max_msg_size=0) as devtools:
            numbers = count()

            async def call(method: str, **parameters: Any) -> Any:
                number = next(numbers)
                await devtools.send_json({'id': number, 'method': method, 'params': parameters})
                while (answer := json.loads((await devtools.receive()).data)).get('id') != number:
                    pass
                return answer.get('result', {})  # none while the page is being loaded: there is nowhere to evaluate

            while not (await call('Runtime.evaluate', expression=ready)).get('result', {}).get('value'):
                await _beat(tick, end)
            image = await call('Page.captureScreenshot', format='png')
    return cv2.imdecode(np.frombuffer(base64.b64decode(image['data']), np.uint8), cv2.IMREAD_COLOR)


async def _beat(tick: Callable[[], Any], end: float) -> None:
    assert time.monotonic() < end, 'the page did not get ready'
    tick()
    await asyncio.sleep(0.05)
