# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an open live page costs the node: images per second with and without it in turn, and memory.

python benchmark/viewer.py [--source drive.mp4 --model camvid] [--rate 60] [--pages 1] [--rounds 4] [--seconds 8]

A page here only takes what it is sent. With --chromium it is a whole browser on the same cores, as nobody would run it
on a robot: without a GPU it draws by the processor.
"""

import argparse
import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import aiohttp
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from uncd_ros.node.child import process
from uncd_ros.node.names import status_name, status_values
from uncd_ros.node.transport import large_image_environment

SETTLE = 3.0
"""Seconds after a page has come or gone that are left out."""
TICKS = os.sysconf('SC_CLK_TCK')
Popen = subprocess.Popen[str]


class Listener(Node):
    """Keeps the node's latest diagnostics, and when they came."""

    def __init__(self) -> None:
        super().__init__('benchmark')
        self.processed, self.at = 0, 0.0
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        if values := status_values(msg, status_name('/segmentation', 'images')):
            self.processed, self.at = int(values['processed']), time.monotonic()

    def rate(self, seconds: float) -> float:
        """Images per second that are processed in so many seconds, from one report to another."""
        self._listen(SETTLE)
        start = self.processed, self.at
        self._listen(seconds)
        return (self.processed - start[0]) / (self.at - start[1])

    def until_first(self) -> None:
        """Until images are processed."""
        while not self.processed:
            rclpy.spin_once(self, timeout_sec=1.0)

    def _listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        before = None
        while time.monotonic() < end or self.at == before:
            before = self.at
            rclpy.spin_once(self, timeout_sec=1.0)


@contextmanager
def page(port: int) -> Iterator[None]:
    """A page that takes what it is sent, on a thread of its own."""
    loop, closing = asyncio.new_event_loop(), threading.Event()

    async def look() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f'http://127.0.0.1:{port}/live?camera=') as live,
        ):
            while not closing.is_set():
                await live.receive()

    thread = threading.Thread(target=lambda: loop.run_until_complete(look()))
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()


@contextmanager
def chromium(port: int) -> Iterator[None]:
    """A page in a browser without a window."""
    flags = ('--headless', '--no-sandbox', '--disable-gpu', '--window-size=1280,800')
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = ['chromium', *flags, f'--user-data-dir={profile}', '--remote-debugging-port=0']
        running = subprocess.Popen(
            [*command, f'http://127.0.0.1:{port}/'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            running.terminate()
            running.wait()


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as any_free:
        any_free.bind(('127.0.0.1', 0))
        return int(any_free.getsockname()[1])


def memory(running: Popen) -> float:
    """MiB of a process's own: what it shares with others, such as images on their way, counts by its part."""
    text = Path(f'/proc/{running.pid}/smaps_rollup').read_text()
    return int(re.search(r'Pss:\s+(\d+)', text)[1]) / 1024


def cpu(running: Popen) -> float:
    """Seconds of processor time so far."""
    fields = Path(f'/proc/{running.pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def compare(given: argparse.Namespace) -> list[tuple[float, float]]:
    """Images per second without and with pages, by round; prints each."""
    rclpy.init()
    listener, rounds = Listener(), []
    with ExitStack() as running:
        node = running.enter_context(process('perception_node', model=given.model))
        port = free_port()
        viewer = running.enter_context(process('viewer', port=port))
        running.enter_context(process('image_player', source=given.source, rate=given.rate, loop=True))
        listener.until_first()
        for _ in range(given.rounds):
            without = listener.rate(given.seconds)
            idle = cpu(viewer)
            with ExitStack() as pages:
                for _ in range(given.pages):
                    pages.enter_context(chromium(port) if given.chromium else page(port))
                fps = listener.rate(given.seconds)
                spent = (cpu(viewer) - idle) / (given.seconds + SETTLE)
            rounds.append((without, fps))
            print(
                f'without {without:6.2f} fps, with {fps:6.2f} fps ({fps / without - 1:+.1%}); viewer {spent:.1%} of a '
                f'core, {memory(viewer):.1f} MiB; node {memory(node):.1f} MiB',
                flush=True,
            )
    rclpy.try_shutdown()
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--source', default='street', help='as of image_player (%(default)s)')
    parser.add_argument('--model', default='street', help='model folder or built-in name (%(default)s)')
    parser.add_argument('--rate', type=float, default=60.0, help='images per second of the camera (%(default)s)')
    parser.add_argument('--pages', type=int, default=1, help='how many are open (%(default)s)')
    parser.add_argument('--chromium', action='store_true', help='pages are browsers, on the same cores')
    parser.add_argument('--rounds', type=int, default=4, help='(%(default)s)')
    parser.add_argument('--seconds', type=float, default=8.0, help='without and with pages, each round (%(default)s)')
    given = parser.parse_args()
    os.environ.update(large_image_environment(os.environ))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    os.environ.setdefault('ROS_DOMAIN_ID', str(os.getpid() % 100 + 1))
    changes = [fps / without - 1 for without, fps in compare(given)]
    low, middle, high = np.percentile(changes, (25, 50, 75))
    print(
        f'{given.pages} pages change the images per second by {middle:+.1%} (median; quartiles {low:+.1%}, {high:+.1%})'
    )


if __name__ == '__main__':
    sys.exit(main())
