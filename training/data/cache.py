# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoded frames in memory, where they fit."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.data.labelled_frames import LabelledFrames
from training.data.splits import Splits
from training.run.progress import console
from uncd_ros.evaluation.results import LabelledFrame

SHARE = 0.5
"""Of the free memory: as much again is left to the networks."""
SAMPLE = 8
"""Frames that are read to measure the size of all."""
GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class CachedFrames(LabelledFrames):
    """Frames that were read once; processes that are forked share them."""

    frames: tuple[LabelledFrame, ...]

    @classmethod
    def of(cls, whole: LabelledFrames) -> 'CachedFrames':
        """Reads every frame, several at a time. Raises ImageError for one that cannot be read."""
        with ThreadPoolExecutor() as pool:
            frames = tuple(pool.map(whole.__getitem__, range(len(whole))))
        return cls(classes=whole.classes, names=whole.names, sequences=whole.sequences, frames=frames)

    def __getitem__(self, index: int) -> LabelledFrame:
        return self.frames[index]

    def labels(self, index: int) -> NDArray[np.uint8]:
        """(H, W) class ids of a frame."""
        return self.frames[index].labels


def cache_splits(splits: Splits, mode: Literal['auto', 'on', 'off'], copies: int) -> Splits:
    """Read all frames into memory, or none; `copies` processes will each do the same. Says in one line which."""
    whole = (splits.train, splits.calibration, splits.val)
    needed, free = copies * sum(map(decoded_bytes, whole)), free_memory()
    fits = needed < SHARE * free
    keep = mode == 'on' or (mode == 'auto' and fits)
    count = sum(map(len, whole))
    console.print(
        f'{count} frames, {needed / GIB:.2f} GiB decoded, {free / GIB:.1f} GiB of memory free: '
        f'{"kept in memory" if keep else "read when they are needed"} (data.cache {mode})'
    )
    if not keep:
        return splits
    train, calibration, val = map(CachedFrames.of, whole)
    return replace(splits, train=train, calibration=calibration, val=val)


def decoded_bytes(frames: LabelledFrames) -> int:
    """Bytes of all frames, estimated from a few that are evenly spread."""
    chosen = np.linspace(0, len(frames) - 1, min(SAMPLE, len(frames))).astype(int).tolist()
    sizes = [frame.image.nbytes + frame.labels.nbytes for frame in map(frames.__getitem__, chosen)]
    return round(sum(sizes) / max(1, len(sizes)) * len(frames))


def free_memory() -> int:
    """Bytes that this process may still take: of the machine, and of the container that it may run in."""
    machine = _field(Path('/proc/meminfo').read_text().splitlines(), 'MemAvailable:') * 1024
    group = Path('/sys/fs/cgroup')
    limit = group / 'memory.max'
    if not limit.is_file() or not (text := limit.read_text().strip()).isdigit():
        return machine
    # Files that the kernel caches count as used there, but make room.
    cached = _field((group / 'memory.stat').read_text().splitlines(), 'inactive_file')
    return min(machine, int(text) - int((group / 'memory.current').read_text()) + cached)


def _field(lines: Iterable[str], name: str) -> int:
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
