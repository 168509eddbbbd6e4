# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train the members of an ensemble, all or a share, each on labels alone; then say how far they disagree.

    python training/ensemble.py --config training/configs/camvid.yaml [--members 0-4] [--key.subkey value ...]

Shares run on several machines, or on the GPUs of one, by CUDA_VISIBLE_DEVICES. Each finished member is one file,
memberNN.safetensors: copy them into one run folder, and training/distill.py goes on from there. Killed at any moment,
the same command goes on and loses at most one epoch.
"""

import sys
from collections.abc import Sequence

from training.comparison.evaluate_args import Parser
from training.data.segdata import load_splits
from training.fitting.loop import launch
from training.members.disagreement import report_ensemble
from training.members.train_members import parse_share, train_members
from training.run.run_folder import claim
from training.run.settings import OTHERS, parse_settings
from uncd_ros.errors import UncdError


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a share and report on it."""
    parser = Parser(description='Train the members of an ensemble.', epilog=OTHERS, allow_abbrev=False)
    parser.add_argument('--members', help='a share of them, as in 0-4 or 0,2; all by default')
    given, rest = parser.parse_known_args(arguments)
    settings = parse_settings(rest)
    chosen = parse_share(given.members, len(settings.members))
    fabric = launch(settings)
    splits = load_splits(settings.data, settings.student)
    claim(settings)
    members = train_members(fabric, splits.train, settings, chosen)
    if fabric.global_rank == 0:
        report_ensemble(dict(zip(chosen, members, strict=True)), splits.calibration, settings.run_folder)


if __name__ == '__main__':
    try:
        main()
    except UncdError as error:
        sys.exit(f'error: {error}')
