# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of the images, and how long each took. Every image ends in exactly one of three counts."""

import os
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RECENT = 300
"""Frames over which the latency is reported."""
RECENT_SECONDS = 10.0
"""Over which the share of lost images is reported."""

Percentiles = tuple[float, float, float]
"""50th, 95th and 99th, in milliseconds; NaN where nothing was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The counts since the start and the speed of late.

    received = processed + dropped + faults + unfinished
    """

    received: int
    processed: int
    dropped: int
    """Images that a newer one overtook before their turn, or that came faster than `max_rate`."""
    faults: int
    """Images that could not be read or processed."""
    lost: int
    """Images that were sent and never arrived, as far as the middleware knows; not among `received`."""
    lost_share: float
    """Share in 0..1 of the images sent that were lost, over the last 10 s."""
    delay: float
    """Seconds from the arrival of the latest processed image to its publication; 0 before the first."""
    unfinished: int
    """Images that wait or are worked on at this moment; none once the node has stopped, unless it was stuck."""
    fps: float
    """Processed images per second since the last snapshot."""
    fps_in: float
    """Received images per second since the last snapshot."""
    latency_ms: Percentiles
    """Arrival to publication, over the last 300 frames."""
    stage_ms: dict[str, Percentiles]
    """The same by stage, in the order in which an image passes them."""
    silence: float
    """Seconds since the last image arrived, or since the start."""


class Telemetry:
    """Counts images from several threads. Times are seconds of one steady clock, which the caller reads."""

    def __init__(self, now: float) -> None:
        self._lock = threading.Lock()
        self._received = self._processed = self._dropped = self._faults = self._lost = 0
        self._latencies: deque[float] = deque(maxlen=RECENT)
        self._stages: dict[str, deque[float]] = {}
        self._last_arrival = self._last_snapshot = now
        self._processed_then = self._received_then = 0
        self._history: deque[tuple[float, int, int]] = deque([(now, 0, 0)])
        """Time, received and lost of the snapshots of the last RECENT_SECONDS, and of one before."""

    def arrived(self, now: float) -> None:
        """An image came in."""
        with self._lock:
            self._received += 1
            self._last_arrival = now

    def finished(self, latency: float, stages: Mapping[str, float]) -> None:
        """An image was processed and published, `latency` seconds after it came in; `stages` are part of that."""
        with self._lock:
            self._processed += 1
            self._latencies.append(latency)
            for stage, taken in stages.items():
                self._stages.setdefault(stage, deque(maxlen=RECENT)).append(taken)

    def dropped(self) -> None:
        """An image was given up for a newer one, or because the node stopped."""
        with self._lock:
            self._dropped += 1

    def failed(self) -> None:
        """An image could not be processed."""
        with self._lock:
            self._faults += 1

    def lost(self, count: int) -> None:
        """So many more images were sent and will never arrive."""
        with self._lock:
            self._lost += count

    def snapshot(self, now: float) -> Snapshot:
        """Where things stand."""
        with self._lock:
            elapsed = now - self._last_snapshot
            per_second = 1.0 / elapsed if elapsed > 0 else 0.0
            fps = (self._processed - self._processed_then) * per_second
            fps_in = (self._received - self._received_then) * per_second
            self._last_snapshot, self._processed_then, self._received_then = now, self._processed, self._received
            return Snapshot(
                received=self._received,
                processed=self._processed,
                dropped=self._dropped,
                faults=self._faults,
                lost=self._lost,
                lost_share=self._lost_share(now),
                delay=self._latencies[-1] if self._latencies else 0.0,
                unfinished=self._received - self._processed - self._dropped - self._faults,
                fps=fps,
                fps_in=fps_in,
                latency_ms=percentiles_ms(self._latencies),
                stage_ms={stage: percentiles_ms(taken) for stage, taken in self._stages.items()},
                silence=now - self._last_arrival,
            )

    def _lost_share(self, now: float) -> float:
        """Since the latest snapshot that is at least RECENT_SECONDS old, or the start."""
        self._history.append((now, self._received, self._lost))
        while self._history[1][0] <= now - RECENT_SECONDS:
            self._history.popleft()
        _, received, lost = self._history[0]
        sent = self._received - received + self._lost - lost
        return (self._lost - lost) / sent if sent else 0.0


def percentiles_ms(latencies: 'deque[float] | list[float]') -> Percentiles:
    """Seconds -> 50th, 95th, 99th percentile in milliseconds; NaN if there are none."""
    if not latencies:
        return (float('nan'),) * 3
    p50, p95, p99 = np.percentile(np.fromiter(latencies, float), (50, 95, 99)) * 1e3
    return float(p50), float(p95), float(p99)


def resident_bytes() -> int:
    """Memory that this process holds at present, in bytes."""
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE')
