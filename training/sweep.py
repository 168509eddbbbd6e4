# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train students that differ in named settings with one trained ensemble; evaluate each on the calibration frames.

    python training/sweep.py --config training/configs/camvid.yaml --sweep training/configs/sweep_camvid.yaml
        [--key.subkey value ...]

A sweep is YAML: `common` holds settings of all students, `variants` those of each. Each student lies in
<run>/students/<variant>; a JSON and a Markdown file in <run>/sweeps, named after the sweep, compare them. The same
command resumes after a kill, and leaves students alone that are evaluated already.
"""

import sys
from collections.abc import Sequence

from rich.markdown import Markdown

from training.comparison.sweep_file import Sweep, describe, parse_sweep
from training.comparison.sweep_results import compare, evaluate_student, keep, kept
from training.data.cache import cache_splits
from training.data.folds import check_sequences
from training.data.inspection import check_data
from training.data.splits import Splits, check_calibration, load_splits
from training.data.unlabelled import open_unlabelled
from training.fitting.loop import launch
from training.run.progress import console
from training.run.run_folder import claim, claim_student
from training.teaching.teachers import load_single, load_teacher
from training.teaching.train_student import train_student
from uncd_ros.errors import UncdError


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, evaluate and compare. What can be refused is refused before the first student is trained."""
    sweep = parse_sweep(arguments)
    fabric = launch(sweep.settings)
    splits = load_splits(sweep.settings.data, sweep.settings.student)
    check(sweep, splits)
    check_data(splits)
    splits = cache_splits(splits, sweep.settings.data.cache, sweep.settings.devices)
    networks = load_teacher(sweep.settings, fabric.device)
    single = load_single(sweep.settings, fabric.device)
    # Decided once: a process that is behind the others must not see what they have evaluated meanwhile.
    evaluated = {name for name, variant in sweep.variants.items() if kept(variant)}
    for name, variant in sweep.variants.items():
        if name in evaluated:
            console.print(f'{name}: already evaluated')
            continue
        console.print(f'{name}: {describe(variant.changed)}')
        student = train_student(fabric, single, networks, splits.train, variant.settings)
        if fabric.global_rank == 0:
            keep(variant, evaluate_student(student, single, networks, splits.calibration, variant))
            compare(sweep, splits.calibration)
    if fabric.global_rank == 0:
        console.print(Markdown(compare(sweep, splits.calibration)))


def check(sweep: Sweep, splits: Splits) -> None:
    """Raise UncdError for what cannot be trained."""
    check_calibration(splits)
    variants = [variant.settings for variant in sweep.variants.values()]
    for settings in variants:
        claim(settings)
        check_sequences(settings, splits.train)
        open_unlabelled(settings.distill.unlabelled)
    for settings in variants:
        claim_student(settings)


if __name__ == '__main__':
    try:
        main()
    except UncdError as error:
        sys.exit(f'error: {error}')
