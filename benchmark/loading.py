# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How long a network waits for data, and how much memory loading takes, after checking that workers change no batch.

The recipe is training/configs/camvid.yaml; needs $UNCD_DATA with CamVid. Each row is a process of its own: it reads one
epoch, whose peak of memory is noted, then trains the first member for some steps. Ten times the frames are the same
files, read ten times as often.

    python benchmark/loading.py [--frames 100] [--steps 40]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from training.data.augment import Augment
from training.data.cache import CachedFrames
from training.data.labelled_frames import LabelledFrames, Subset
from training.data.loading import EpochOrder, ViewDataset, Views, stream_views, worker_count
from training.data.splits import PROJECT, data_folder, load_splits
from training.members.loss import label_loss
from training.members.member import initial_member
from training.run.settings import Settings, parse_settings
from uncd_ros.allocator import keep_freed_memory

CPU = torch.device('cpu')
ROWS = ((1, 'off'), (10, 'off'), (1, 'on'))
"""Multiple of the frames, and whether they are kept in memory."""


def view_stream(settings: Settings, frames: LabelledFrames, workers: int, batches: int) -> Iterator[Views]:
    plan = settings.members[0]
    dataset = ViewDataset(frames=frames, augment=Augment(settings.crop, settings.crop_scale, plan.jitter), seed=1)
    steps = len(frames) // plan.batch_size
    epochs = range(-(-batches // steps))
    order = EpochOrder(frames=len(frames), batch_size=plan.batch_size, steps=steps, epochs=epochs, seed=1)
    return stream_views(dataset, order, workers, CPU)


def check(settings: Settings, frames: LabelledFrames) -> None:
    """Batches do not depend on the number of workers."""
    few = Subset.of(frames, range(8))
    for views, again in zip(view_stream(settings, few, 0, 2), view_stream(settings, few, 2, 2), strict=True):
        assert torch.equal(views.images, again.images) and torch.equal(views.labels, again.labels)


def waiting_share(settings: Settings, frames: LabelledFrames, workers: int, steps: int) -> tuple[float, float]:
    """Share of the time in which the network has no batch, and seconds per step; the first three steps do not count."""
    member = initial_member(settings).train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(member.parameters(), 1e-4)
    stream, waited = view_stream(settings, frames, workers, steps + 3), 0.0
    for step in range(steps + 3):
        if step == 3:
            start, waited = time.monotonic(), 0.0
        before = time.monotonic()
        views = next(stream)
        waited += time.monotonic() - before
        label_loss(member(member.normalise(views.images.float())), views.labels.long()).backward()
        optimizer.step()
        optimizer.zero_grad()
    total = time.monotonic() - start
    return waited / total, total / steps


def measure(settings: Settings, args: argparse.Namespace) -> dict[str, float]:
    """One row."""
    keep_freed_memory()
    frames = load_splits(settings.data, settings.student).train
    frames = Subset.of(frames, list(range(args.frames)) * args.times)
    if args.cache == 'on':
        frames = CachedFrames.of(frames)
    workers = worker_count('auto', 1)
    for _ in view_stream(settings, frames, workers, len(frames) // settings.members[0].batch_size):
        pass
    whose = {'main': resource.RUSAGE_SELF, 'worker': resource.RUSAGE_CHILDREN}
    peaks = {name: resource.getrusage(who).ru_maxrss / 1024 for name, who in whose.items()}
    share, seconds = waiting_share(settings, frames, workers, args.steps)
    return {'workers': workers, 'waiting': share, 'step': seconds, **peaks}


def main() -> None:
    """Check, then print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--frames', type=int, default=100, metavar='N', help='frames, and ten times as many')
    parser.add_argument('--steps', type=int, default=40, help='steps of training in which the wait is measured')
    parser.add_argument('--times', type=int, help=argparse.SUPPRESS)
    parser.add_argument('--cache', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not data_folder('camvid').is_dir():
        print(f'skipped: no CamVid at {data_folder("camvid")}')
        return
    settings = parse_settings([f'--config={PROJECT}/training/configs/camvid.yaml'])
    if args.times:
        print(json.dumps(measure(settings, args)))
        return
    check(settings, load_splits(settings.data, settings.student).train)
    print('| frames | in memory | workers | peak memory, training process | worker | waiting for data | a step |')
    print('|---|---|---|---|---|---|---|')
    for times, cache in ROWS:
        command = [sys.executable, str(Path(__file__)), f'--times={times}', f'--cache={cache}']
        command += [f'--frames={args.frames}', f'--steps={args.steps}']
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(
            f'| {args.frames * times} | {"yes" if cache == "on" else "no"} | {row["workers"]} | {row["main"]:.0f} MiB '
            f'| {row["worker"]:.0f} MiB | {row["waiting"]:.1%} | {row["step"]:.2f} s |'
        )


if __name__ == '__main__':
    main()
