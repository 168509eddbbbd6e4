# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""frames.jsonl: one line an image, so that every result leads back to its message in the bag.

Times are kept apart, in latency.jsonl: they differ from run to run, and all else is the same byte for byte.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np

from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.bag_evaluation.timeline import ratio
from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.report import without_nan

FRAMES, LATENCY, TIMING = 'frames.jsonl', 'latency.jsonl', 'timing.json'
SHARES = (0.5, 0.95, 0.99)


class FrameLog:
    """Both files, and the times in sum; the latter from a histogram, so that memory does not grow."""

    def __init__(self, folder: Path, classes: Sequence[ClassInfo]) -> None:
        """Raises ConfigError where there can be no such files."""
        self._folder, self._names = folder, [info.name for info in classes]
        self._stages: dict[str, _Durations] = {}
        self.frames = 0
        self.write_error = ''
        """Why the files break off; empty if they do not."""
        self._frames, self._latency = (self._open(folder / name) for name in (FRAMES, LATENCY))

    def __enter__(self) -> 'FrameLog':
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._frames, self._latency):
            with suppress(OSError):  # of a full disk, which has been told
                file.close()

    def update(self, result: FrameResult) -> None:
        """Write a line to each file."""
        self.frames += 1
        index, stages = result.frame.message.index, dict(result.stages)
        stages['total'] = sum(stages.values())
        for stage, seconds in stages.items():
            self._stages.setdefault(stage, _Durations()).add(seconds)
        milliseconds = {stage: round(1e3 * seconds, 3) for stage, seconds in stages.items()}
        self._write(self._frames, without_nan(frame_line(result, self._names)))
        self._write(self._latency, {'index': index, 'milliseconds': milliseconds})

    def finish(self, seconds: float, recorded_rate: float, device: str) -> None:
        """Write timing.json: how fast it went, `seconds` in all, beside the rate at which the camera recorded."""
        timing = {
            'device': device,
            'frames': self.frames,
            'seconds': round(seconds, 3),
            'frames_per_second': round(self.frames / seconds, 2) if seconds else None,
            'recorded_frames_per_second': round(recorded_rate, 2),
            'milliseconds': {stage: each.percentiles_ms() for stage, each in self._stages.items()},
        }
        try:
            (self._folder / TIMING).write_text(json.dumps(timing, indent=1) + '\n')
            self._frames.flush()
            self._latency.flush()
        except OSError as error:
            self._fail(error)

    def _write(self, file: TextIO, content: Any) -> None:
        if not self.write_error:
            try:
                file.write(json.dumps(content, allow_nan=False) + '\n')
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.write_error = self.write_error or f'{FRAMES} and {LATENCY} break off: {error.strerror}'

    @staticmethod
    def _open(path: Path) -> TextIO:
        try:
            return path.open('w')
        except OSError as error:
            raise ConfigError(f'{path}: cannot be written ({error.strerror})') from None


def frame_line(result: FrameResult, classes: Sequence[str]) -> dict[str, Any]:
    """What frames.jsonl says about one image; NaN for what does not exist."""
    message, decision = result.frame.message, result.decision
    total = max(1, int(result.pixels.sum()))
    means = ratio(result.uncertainty, result.pixels)
    return {
        'topic': message.topic,
        'index': message.index,
        'stamp': result.frame.stamp,
        'received': message.received,
        'seconds': round(result.seconds, 6),
        'score': result.score,
        'threshold': decision.threshold,
        'flag': decision.is_ood,
        'alarms': decision.alarms,
        'fault': result.decision.fault or None,
        'obstacles': None if result.obstacles is None else [list(each.box) for each in result.obstacles],
        'mean_uncertainty': result.mean_uncertainty,
        'area': {name: round(int(count) / total, 6) for name, count in zip(classes, result.pixels, strict=True)},
        'uncertainty': {name: round(mean, 6) for name, mean in zip(classes, means.tolist(), strict=True)},
    }


class _Durations:
    """Counts of durations in bins that are 1 % wide."""

    EDGES = np.geomspace(1e-6, 100.0, 1852)
    """Seconds."""

    def __init__(self) -> None:
        self._counts = np.zeros(len(self.EDGES) + 1, np.int64)

    def add(self, seconds: float) -> None:
        self._counts[np.searchsorted(self.EDGES, seconds)] += 1

    def percentiles_ms(self) -> dict[str, float]:
        below = self._counts.cumsum()
        bins = [int(np.searchsorted(below, share * below[-1])) for share in SHARES]
        edges = [1e3 * float(self.EDGES[min(index, len(self.EDGES) - 1)]) for index in bins]
        return {f'p{share * 100:.0f}': round(edge, 3) for share, edge in zip(SHARES, edges, strict=True)}
