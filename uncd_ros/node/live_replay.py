# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag played to the real node over DDS: what comes back, how late, and how fast the camera could be."""

import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np
from rich.console import Console

from uncd_ros.bag_evaluation.flag_comparison import compare_flags
from uncd_ros.bag_evaluation.live_result import FlagComparison, LiveOutcome, LiveRun
from uncd_ros.bag_evaluation.node_settings import NodeSettings
from uncd_ros.bag_evaluation.rate_search import highest_rate
from uncd_ros.bag_evaluation.run import EvaluateBagArgs
from uncd_ros.errors import UncdError
from uncd_ros.node.child import process, process_in
from uncd_ros.node.domain import free_domain
from uncd_ros.node.listening import Spin, listening
from uncd_ros.node.live_listener import COUNTS, Listener
from uncd_ros.node.recorder import CAMERA, DIAGNOSTICS, MASK, OOD_STATUS
from uncd_ros.node.telemetry import percentiles_ms
from uncd_ros.node.transport import large_image_environment
from uncd_ros.sources.bag import BagSource

SECONDS = 6.0
"""Of each run of the search."""
IMAGES = 30
"""Of each run at least."""
START_WITHIN, SETTLE_WITHIN = 120.0, 20.0
"""Seconds for the node to load its model, and to work off what it has when the camera ends."""


class LiveError(UncdError):
    """The node could not be played to."""


class Stage:
    """The node as a process, and runs of the player before it."""

    def __init__(self, source: str, listener: Listener, spin: Spin) -> None:
        self._source, self._listener, self._spin = source, listener, spin

    def play(
        self, rate: float, images: int, *, subscribers: int = 1, environment: Mapping[str, str] | None = None
    ) -> LiveRun:
        """Play so many images at so many fps, once so many subscribe; the source begins again at its end."""
        before = dict(self._listener.counts)
        self._listener.begin()
        played: dict[str, object] = {
            'source': self._source,
            'rate': rate,
            'frames': images,
            'loop': True,
            'subscribers': subscribers,
        }
        with process_in(environment, 'image_player', **played) as player:
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


def replay_live(args: EvaluateBagArgs, topic: str, console: Console) -> LiveOutcome:
    """Play the topic at `args.live` times real time, then search for the highest rate. Raises UncdError."""
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')  # nothing here concerns the network
    # Nor a robot that may be running on this machine: a drive of yesterday is not for it, and its camera not for us.
    os.environ['ROS_DOMAIN_ID'] = str(free_domain())
    plain = dict(os.environ)
    os.environ.update(large_image_environment(os.environ))
    source = BagSource(args.bag, topic)
    assert args.live is not None
    rate, count = source.fps * args.live, source.frame_count or IMAGES
    with _stage(f'{args.bag}:{topic}', args.node, console) as (stage, listener):
        subscribed = [f'{topic} of {source.name} was sent on {CAMERA}', *listener.subscriptions_of_node()]
        subscribed.append(f'the listener subscribed to {MASK}, {OOD_STATUS} and {DIAGNOSTICS}')
        for sentence in subscribed:
            console.print(f'live: {sentence}')
        console.print(f'live: {count} images at {rate:.1f} fps')
        with listener.watching_camera():
            asked = stage.play(rate, count, subscribers=2)
        flags = _flags(args, listener, asked.sent)

        def probe(fps: float, environment: Mapping[str, str] | None = None) -> LiveRun:
            run = stage.play(fps, max(IMAGES, round(SECONDS * fps)), environment=environment)
            console.print(
                f'live: {run.rate:.1f} images per second, {run.drops:.1%} dropped, {run.lost} lost on the way'
            )
            return run

        console.print('live: a plain sender')
        plain_run = probe(rate, plain)
        best, runs = highest_rate(probe, rate)
        return LiveOutcome(
            subscribed=subscribed,
            asked=asked,
            plain=plain_run,
            best=best,
            runs=runs,
            flags=flags,
            device=listener.device,
        )


def _flags(args: EvaluateBagArgs, listener: Listener, sent: int) -> FlagComparison:
    """Of the run that has just ended."""
    if args.every > 1:
        return FlagComparison.none('the report is about every few images only, the node saw all')
    if len(listener.sent_stamps) != sent:
        return FlagComparison.none(f'the listener received {len(listener.sent_stamps)} of {sent} images')
    return compare_flags(args.out, listener.sent_stamps, listener.decisions)


def _parameters(node: NodeSettings) -> dict[str, object]:
    """Those of the node that make it decide as the evaluation did."""
    alarm = {f'ood.{name}': value for name, value in asdict(node.alarm).items()}
    names = ('model', 'engine', 'precision', 'fit', 'max_rate', 'silent_after')
    return {**{name: getattr(node, name) for name in names}, **alarm}


@contextmanager
def _stage(source: str, node_settings: NodeSettings, console: Console) -> Iterator[tuple[Stage, Listener]]:
    """The node started and heard."""
    with (
        listening(Listener) as (listener, spin),
        process('perception_node', **_parameters(node_settings)) as node,
    ):
        console.print('live: starting the node, which warns between two runs that no image comes …')
        spin(lambda: listener.connected() or node.poll() is not None, START_WITHIN)
        if not listener.connected():
            raise LiveError('the node did not start; its last lines above say why')
        yield Stage(source, listener, spin), listener
        node.send_signal(signal.SIGINT)
        node.wait(SETTLE_WITHIN)
