# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of the images, and how long each took. Every image ends in exactly one of three counts."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

RECENT = 300
"""Frames over which the latency is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The counts since the start and the speed of late.

    received = processed + dropped + faults + those in work at this moment (none once the node has stopped).
    """

    received: int
    processed: int
    dropped: int
    """Images that a newer one overtook before their turn."""
    faults: int
    """Images that could not be read or processed."""
    fps: float
    """Processed images per second since the last snapshot."""
    latency_ms: tuple[float, float, float]
    """50th, 95th and 99th percentile, arrival to publication, over the last 300 frames; NaN before the first."""
    silence: float
    """Seconds since the last image arrived, or since the start."""


class Telemetry:
    """Counts images from several threads. Times are seconds of one steady clock, given by the caller."""

    def __init__(self, now: float) -> None:
        self._lock = threading.Lock()
        self._received = self._processed = self._dropped = self._faults = 0
        self._latencies: deque[float] = deque(maxlen=RECENT)
        self._last_arrival = self._last_snapshot = now
        self._processed_then = 0

    def arrived(self, now: float) -> None:
        """An image came in."""
        with self._lock:
            self._received += 1
            self._last_arrival = now

    def finished(self, latency: float) -> None:
        """An image was processed and published, `latency` seconds after it came in."""
        with self._lock:
            self._processed += 1
            self._latencies.append(latency)

    def dropped(self) -> None:
        """An image was given up for a newer one, or because the node stopped."""
        with self._lock:
            self._dropped += 1

    def failed(self) -> None:
        """An image could not be processed."""
        with self._lock:
            self._faults += 1

    def snapshot(self, now: float) -> Snapshot:
        """Where things stand."""
        with self._lock:
            elapsed = now - self._last_snapshot
            fps = (self._processed - self._processed_then) / elapsed if elapsed > 0 else 0.0
            self._last_snapshot, self._processed_then = now, self._processed
            return Snapshot(
                received=self._received,
                processed=self._processed,
                dropped=self._dropped,
                faults=self._faults,
                fps=fps,
                latency_ms=percentiles_ms(self._latencies),
                silence=now - self._last_arrival,
            )


def percentiles_ms(latencies: 'deque[float] | list[float]') -> tuple[float, float, float]:
    """Seconds -> 50th, 95th, 99th percentile in milliseconds; NaN if there are none."""
    if not latencies:
        return (float('nan'),) * 3
    p50, p95, p99 = np.percentile(np.fromiter(latencies, float), (50, 95, 99)) * 1e3
    return float(p50), float(p95), float(p99)
