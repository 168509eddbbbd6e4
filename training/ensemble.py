# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train the members of an ensemble, all or a share, each on labels alone; then report how far they disagree.

    python training/ensemble.py --config training/configs/camvid.yaml [--members 0-4] [--key.subkey value ...]
    python training/ensemble.py --config training/configs/camvid.yaml --ray 10.0.0.1:6379

Shares run on several machines, or on the GPUs of one, by CUDA_VISIBLE_DEVICES; on one machine they may share a run
folder. Each finished member is one file, memberNN.safetensors: copy them into one run folder, and training/distill.py
continues from there. After a kill at any moment the same command resumes, and at most one epoch is lost.
With --ray, each member is a task on a Ray cluster whose machines share the run folder.
"""

import sys
from collections.abc import Sequence

from training.data.cache import cache_splits
from training.data.folds import held_out
from training.data.inspection import check_data
from training.data.splits import load_splits
from training.fitting.loop import launch
from training.members.cluster_members import check_devices, train_on_cluster
from training.members.disagreement import report_ensemble, report_path
from training.members.train_members import parse_share, train_members
from training.run.command_line import OwnOptions
from training.run.run_folder import claim
from training.run.settings import parse_settings
from uncd_ros.cluster import LOCAL, check_cluster
from uncd_ros.errors import ConfigError, UncdError


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a share and report on it."""
    parser = OwnOptions('Train the members of an ensemble.')
    parser.add_argument('--members', help='a share of them, as in 0-4 or 0,2; all by default')
    cluster = 'train each as a task on the Ray cluster at HOST:PORT, or on one of this machine alone'
    parser.add_argument('--ray', nargs='?', const=LOCAL, metavar='ADDRESS', help=cluster)
    own, rest = parser.parse_known_args(arguments)
    settings = parse_settings(rest)
    if settings.teacher.kind != 'ensemble':
        raise ConfigError(
            f'teacher.kind is {settings.teacher.kind}, expected ensemble; training/distill.py trains other teachers'
        )
    if own.ray:
        check_devices(settings)
        check_cluster(own.ray)
    count = len(settings.members)
    chosen = parse_share(own.members, count)
    fabric = launch(settings)
    splits = load_splits(settings.data, settings.student)
    groups = held_out(settings, splits, chosen)
    claim(settings)
    check_data(splits)
    if own.ray:
        train_on_cluster(own.ray, settings, chosen)
    splits = cache_splits(splits, settings.data.cache, settings.devices)
    members = dict(zip(chosen, train_members(fabric, splits.train, settings, chosen), strict=True))
    if fabric.global_rank == 0:
        for group in groups:
            path = report_path(settings.run_folder, group.members, count)
            report_ensemble({index: members[index] for index in group.members}, group.frames, path)


if __name__ == '__main__':
    try:
        main()
    except UncdError as error:
        sys.exit(f'error: {error}')
