# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag played to the real node over DDS: what comes back, how late, and how fast the camera could be."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rich.console import Console
from sensor_msgs.msg import Image

from uncd_ros.bag_evaluation.rate_search import LiveRun, as_json, highest_rate, markdown
from uncd_ros.errors import UncdError
from uncd_ros.evaluation.markdown import html
from uncd_ros.node.child import process
from uncd_ros.node.domain import free_domain
from uncd_ros.node.names import status_values
from uncd_ros.node.recorder import CAMERA, DIAGNOSTICS, IMAGES_STATUS, MASK
from uncd_ros.node.telemetry import percentiles_ms
from uncd_ros.node.transport import large_image_environment
from uncd_ros.sources.bag import BagSource

SECONDS = 6.0
"""Of each run of the search."""
IMAGES = 30
"""Of each run at least."""
START_WITHIN, SETTLE_WITHIN = 120.0, 20.0
"""Seconds for the node to load its model, and to work off what it has when the camera ends."""
COUNTS = ('received', 'processed', 'dropped', 'faults')


class LiveError(UncdError):
    """The node could not be played to."""


class Listener(Node):
    """Takes the time of every mask, and the node's own counts."""

    def __init__(self) -> None:
        super().__init__('listener')
        self.stamps: list[float] = []
        self.latencies: list[float] = []
        """Seconds each, of the images whose masks have come since `begin`."""
        self.counts: dict[str, int] = {}
        self.device = ''
        self.create_subscription(Image, MASK, self._on_mask, 50)
        self.create_subscription(DiagnosticArray, DIAGNOSTICS, self._on_diagnostics, 10)

    def begin(self) -> None:
        """Forget the masks so far."""
        self.stamps.clear()
        self.latencies.clear()

    def connected(self) -> bool:
        """Whether the node subscribes to the camera and publishes."""
        return bool(self.count_subscribers(CAMERA) and self.count_publishers(MASK) and self.counts)

    def settled(self) -> bool:
        """Whether the node has accounted for all it received."""
        return sum(self.counts[key] for key in COUNTS[1:]) == self.counts['received']

    def _on_mask(self, msg: Image) -> None:
        stamp = msg.header.stamp.sec + msg.header.stamp.nanosec * 1e-9
        self.stamps.append(stamp)
        self.latencies.append(time.time() - stamp)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        if values := status_values(msg, IMAGES_STATUS):
            self.counts = {key: int(values[key]) for key in COUNTS}
            self.device = values['device']


class Stage:
    """The node as a process, and runs of the player before it."""

    def __init__(self, source: str, listener: Listener, spin: Callable[[Callable[[], bool], float], None]) -> None:
        self._source, self._listener, self._spin = source, listener, spin

    def play(self, rate: float, images: int) -> LiveRun:
        """Play so many images at so many fps; the source begins again at its end."""
        before = dict(self._listener.counts)
        self._listener.begin()
        with process('image_player', source=self._source, rate=rate, frames=images, loop=True) as player:
            self._spin(lambda: player.poll() is not None, START_WITHIN + images / rate)
            output, _ = player.communicate(timeout=SETTLE_WITHIN)
        sent = re.search(r'sent (\d+) images', output)
        if player.returncode or not sent:
            raise LiveError('the player ended early; its last lines above say why')
        self._wait_for_counts()
        counts = {key: self._listener.counts[key] - before[key] for key in COUNTS}
        if counts['received'] > int(sent[1]):
            raise LiveError(f'somebody else sends images on {CAMERA}, too: set ROS_DOMAIN_ID to one that is free')
        return live_run(rate, int(sent[1]), counts, self._listener.stamps, self._listener.latencies)

    def _wait_for_counts(self) -> None:
        """Until a report that was made after the last image accounts for all of them."""
        self._spin(lambda: False, 2.2)  # reports come once a second
        self._spin(self._listener.settled, SETTLE_WITHIN)


def live_run(rate: float, sent: int, counts: dict[str, int], stamps: list[float], latencies: list[float]) -> LiveRun:
    """What came back at one rate; `stamps` and `latencies` are those of the masks, in seconds."""
    p50, p95, p99 = percentiles_ms(latencies)
    answered = len(stamps)
    # Images are sent evenly: the span of those with a mask, stretched to all, is that of all.
    span = (stamps[-1] - stamps[0]) if answered > 1 else 0.0
    pace = (counts['received'] - 1) / span if span and counts['dropped'] < counts['received'] else rate
    return LiveRun(
        wanted_rate=rate,
        rate=min(rate, pace),
        sent=sent,
        answered=answered,
        node_dropped=counts['dropped'],
        lost=max(0, sent - counts['received']),
        faults=counts['faults'],
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        jitter_ms=1e3 * float(np.abs(np.diff(latencies)).mean()) if answered > 1 else float('nan'),
    )


def replay_live(bag: Path, topic: str, model: str, times: float, out: Path, console: Console) -> None:
    """Play at `times` real time, then search; live.json, live.md and live.html. Raises UncdError."""
    os.environ.update(large_image_environment(os.environ))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')  # nothing here concerns the network
    # Nor a robot that may be running on this machine: a drive of yesterday is not for it, and its camera not for us.
    os.environ['ROS_DOMAIN_ID'] = str(free_domain())
    source = BagSource(bag, topic)
    rate, count = source.fps * times, source.frame_count or IMAGES
    with _stage(f'{bag}:{topic}', model, console) as (stage, listener):
        console.print(f'live: {count} images at {rate:.1f} fps')
        asked = stage.play(rate, count)

        def probe(fps: float) -> LiveRun:
            run = stage.play(fps, max(IMAGES, round(SECONDS * fps)))
            console.print(f'live: {run.rate:.1f} images per second, {run.drops:.1%} dropped')
            return run

        best, runs = highest_rate(probe, rate)
        outcome = (asked, best, runs, listener.device)
    (out / 'live.json').write_text(json.dumps(as_json(*outcome), indent=1) + '\n')
    text = markdown(*outcome)
    (out / 'live.md').write_text(text)
    (out / 'live.html').write_text(html(text, f'{model} live on {bag.name}'))
    console.print(text.split('\n\n')[1])


@contextmanager
def _stage(source: str, model: str, console: Console) -> Iterator[tuple[Stage, Listener]]:
    """The node started and heard."""
    rclpy.init()
    listener = Listener()
    executor = SingleThreadedExecutor()
    executor.add_node(listener)

    def spin(condition: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.05)

    try:
        with process('perception_node', model=model) as node:
            console.print('live: starting the node …')
            spin(lambda: listener.connected() or node.poll() is not None, START_WITHIN)
            if not listener.connected():
                raise LiveError('the node did not start; its last lines above say why')
            yield Stage(source, listener, spin), listener
            node.send_signal(signal.SIGINT)
            node.wait(SETTLE_WITHIN)
    finally:
        executor.shutdown()
        listener.destroy_node()
        rclpy.try_shutdown()
