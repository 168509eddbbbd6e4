# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the real node did with a bag that was played to it: for the report, and live.json."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from uncd_ros.evaluation.markdown import render, table
from uncd_ros.evaluation.report import without_nan

DROPS = 0.05
"""Share of images that may be dropped by a node that keeps up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """The node on images that came at one rate."""

    wanted_rate: float
    rate: float
    """Images per second: asked for, and at which they came; the player may not keep up itself."""
    sent: int
    answered: int
    node_dropped: int
    """Given up by the node for a newer one."""
    lost: int
    """Never seen by the node: lost on the way."""
    faults: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    """From an image's sending to its mask's arrival, both in other processes than the node."""
    jitter_ms: float
    """Mean difference between that time of one image and of the next that was answered."""

    @property
    def drops(self) -> float:
        """Share of the images without a mask."""
        return 1.0 - self.answered / self.sent if self.sent else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagComparison:
    """The flags of the node beside those of the evaluation of the same images."""

    compared: int
    """Images that the node decided about and of which the number in the bag is known."""
    equal: int
    """Those with the same flag."""
    largest_difference: float
    """Of their image scores; NaN of none."""
    reason: str = ''
    """Why none were compared; empty if some were."""

    @classmethod
    def none(cls, reason: str) -> 'FlagComparison':
        """Nothing was compared."""
        return cls(compared=0, equal=0, largest_difference=float('nan'), reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOutcome:
    """All runs."""

    subscribed: Sequence[str]
    """What the node and the listener subscribed to, a sentence each."""
    asked: LiveRun
    """At the rate that was asked for, images sent as this package sends them."""
    plain: LiveRun
    """At the same rate, from a sender without this package's settings of the transport, as a camera driver is."""
    best: LiveRun | None
    """The fastest that the node keeps up with."""
    runs: Sequence[LiveRun]
    """Of the search for it."""
    flags: FlagComparison
    """Of the run at the rate that was asked for."""
    device: str


def as_json(live: LiveOutcome) -> dict[str, Any]:
    """live.json."""
    content = {
        'device': live.device,
        'subscribed': list(live.subscribed),
        'asked': _block(live.asked),
        'plain_sender': _block(live.plain),
        'highest_rate': live.best.rate if live.best else None,
        'highest': _block(live.best) if live.best else None,
        'runs': [_block(run) for run in live.runs],
        'flags': asdict(live.flags),
    }
    clean: dict[str, Any] = without_nan(content)
    return clean


def markdown(live: LiveOutcome) -> str:
    """The section of the report."""
    header = ('run', 'fps', 'sent', 'answered', 'dropped', 'by the node', 'on the way', 'p50', 'p95', 'p99', 'jitter')
    named = [('as asked', live.asked), ('plain sender', live.plain), *(('search', run) for run in live.runs)]
    rows = [
        (
            name,
            f'{run.rate:.1f}',
            *(str(count) for count in (run.sent, run.answered)),
            f'{run.drops:.1%}',
            *(str(count) for count in (run.node_dropped, run.lost)),
            *(f'{value:.1f} ms' for value in (run.p50_ms, run.p95_ms, run.p99_ms, run.jitter_ms)),
        )
        for name, run in named
    ]
    return render('uncd_ros.bag_evaluation', 'live.md.j2', live=live, drops_max=DROPS, runs=table(header, rows))


def _block(run: LiveRun) -> dict[str, Any]:
    return {**asdict(run), 'drops': run.drops}
