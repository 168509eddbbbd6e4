# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches that stream: frames are read and augmented by worker processes while the network computes.

Each augmented view comes from (seed, epoch, frame) alone, and each order from (seed, epoch): any number of workers
gives the same batches, and a resumed training sees what an uninterrupted one sees.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from training.data.augment import Augment
from training.data.labelled_frames import LabelledFrames
from uncd_ros.errors import UncdError

MOST_WORKERS = 8
PR_SET_PDEATHSIG = 1
"""From Linux' prctl.h."""
Key = tuple[int, int]
"""Epoch and number of a frame."""


class Views(NamedTuple):
    """Augmented views of some frames; a named tuple, whose tensors torch moves into pinned memory."""

    images: Tensor
    """(B, 3, h, w) uint8 RGB."""
    labels: Tensor
    """(B, h, w) uint8 class ids."""
    sequences: tuple[str, ...]
    """Drive that each comes from."""


@dataclass(frozen=True, kw_only=True)
class ViewDataset(Dataset[Views | UncdError]):
    """An augmented view of each frame in each epoch."""

    frames: LabelledFrames
    augment: Augment
    seed: int

    def __getitem__(self, key: Key) -> Views | UncdError:
        """One view. An error is handed on as a value: raised in a worker it would lose its one line."""
        epoch, index = key
        try:
            frame = self.frames[index]
        except UncdError as error:
            return error
        image = torch.from_numpy(frame.image).permute(2, 0, 1)[None]
        with torch.random.fork_rng(devices=[]), _one_thread():
            torch.manual_seed(random_seed(self.seed, epoch, index))
            views, labels = self.augment(image, torch.from_numpy(frame.labels)[None])
        return Views(images=views.round().byte(), labels=labels.byte(), sequences=(frame.sequence,))


@dataclass(frozen=True, kw_only=True)
class EpochOrder(Sampler[list[Key]]):
    """Batches of several epochs, each a permutation of the frames; of `processes`, this one takes every n-th frame."""

    frames: int
    batch_size: int
    steps: int
    """Batches an epoch."""
    epochs: range
    seed: int
    process: int = 0
    processes: int = 1

    def __iter__(self) -> Iterator[list[Key]]:
        for epoch in self.epochs:
            generator = torch.Generator().manual_seed(random_seed(self.seed, epoch))
            order = torch.randperm(self.frames, generator=generator)[self.process :: self.processes]
            for chosen in torch.split(order, self.batch_size)[: self.steps]:
                yield [(epoch, index) for index in chosen.tolist()]


def stream_views(dataset: ViewDataset, order: EpochOrder, workers: int, device: torch.device) -> Iterator[Views]:
    """One batch after another through all epochs, in pinned memory for CUDA. Raises UncdError for a bad frame."""
    cv2.setNumThreads(1)  # here: its threads do not live on in a fork, which would wait for them without end
    loader: DataLoader[Views | UncdError] = DataLoader(
        dataset,
        batch_sampler=order,
        num_workers=workers,
        worker_init_fn=_end_with_parent,
        # Of its own, for it draws a seed of the workers, which the views do not use, when it begins.
        generator=torch.Generator(),
        collate_fn=_collate,
        pin_memory=device.type == 'cuda',
        # Frames that are kept in memory are shared with a fork, not copied.
        multiprocessing_context='fork' if workers else None,
    )
    for views in loader:
        if isinstance(views, UncdError):
            raise views
        yield views


def worker_count(asked: int | str, processes: int) -> int:
    """What `auto` means: the cores that are left beside the training processes, 1 to 8 for each of them."""
    if isinstance(asked, int):
        return asked
    cores = len(os.sched_getaffinity(0)) // processes
    return max(1, min(MOST_WORKERS, cores - 1))


def _end_with_parent(_worker: int) -> None:
    """A fork holds the connections of a process that was killed open, and its end would not be noticed for seconds."""
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def random_seed(*parts: int) -> int:
    """One seed from several numbers; neighbours give seeds that have nothing in common."""
    return int(np.random.SeedSequence([part % 2**64 for part in parts]).generate_state(1, np.uint64)[0])


@contextmanager
def _one_thread() -> Iterator[None]:
    """As in a worker: where an image is cut up between threads, the last bit of a pixel may be another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _collate(samples: Sequence[Views | UncdError]) -> Views | UncdError:
    views = []
    for sample in samples:
        if isinstance(sample, UncdError):
            return sample
        views.append(sample)
    return Views(
        images=torch.cat([view.images for view in views]),
        labels=torch.cat([view.labels for view in views]),
        sequences=tuple(view.sequences[0] for view in views),
    )
