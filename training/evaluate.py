# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate a model on labelled splits and on out-of-distribution (OOD) images, with what it must beat beside it.

    python training/evaluate.py MODEL --dataset camvid --split val train/0006R0 --out report
        --ood rain=rain.mp4 --shift idd=idd_lite_dev:classes.json --weather heavy_rain heavy_snow motion_blur
        --anomaly fs_static=fs_static --teacher runs/camvid --baseline runs/camvid

Writes report.json, report.md, report.html and figures/. Frames stream: memory does not grow with their number.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from training.comparison.anomaly_data import drivable_ids, open_anomalies
from training.comparison.evaluate_args import EvaluateArgs, parse_args
from training.comparison.evaluated_models import evaluated_models
from training.comparison.evaluation_data import (
    Shifted,
    calibration_frames,
    open_shifts,
    open_split,
    open_weather,
    seen_sequences,
    training_frames,
)
from training.comparison.foreground_threshold import with_thresholds
from training.data.labelled_frames import LabelledFrames
from training.data.unlabelled import stream_frames
from training.run.progress import console
from training.run.run_folder import sweep_folder
from uncd_ros.allocator import keep_freed_memory
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.evaluation.anomaly_evaluator import AnomalySet, evaluate_anomalies
from uncd_ros.evaluation.cost import measure_cost
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.report import write_report
from uncd_ros.evaluation.split_evaluator import EvaluatedModel, ShiftEvaluator, SplitEvaluator, score_images
from uncd_ros.model.store import load_model
from uncd_ros.sources.frame_source import FrameSource, open_source

EXAMPLES = 4
"""Frames of each split that are kept to look at."""
T = TypeVar('T')


def evaluate(args: EvaluateArgs) -> None:
    """The main path. What can be refused is refused before the first image is evaluated."""
    keep_freed_memory()  # as in training; and what a pass costs is measured without page faults, as on the robot
    model = load_model(args.model)
    splits = {name: open_split(args, model, name) for name in args.split}
    shifts = open_shifts(args, model)
    ood_sources = {name: open_source(path) for name, path in args.ood.items()}
    anomalies = open_anomalies(args)
    drivable = drivable_ids(model.card, args.drivable) if anomalies else []
    models = evaluated_models(args, model, lambda run: calibration_frames(args, run))
    trained_on, calibrated_on = seen_sequences(args, model)
    make_folder(args.out)
    if len(model.card.classes) == 2 and trained_on:
        training = training_frames(args, model, trained_on)
        models = with_thresholds(models, shown_progress('training frames', training, len(training)))

    evaluation = Evaluation(
        card=model.card,
        dataset=args.dataset,
        evaluated_models=models,
        splits={name: evaluate_split(name, frames, models) for name, frames in splits.items()},
        ood_sets={name: score_images(models, images(name, source, args.every)) for name, source in ood_sources.items()},
        shifts={name: evaluate_shift(name, shift, models) for name, shift in shifts.items()},
        weather={
            split: evaluate_weather(split, open_weather(args, frames), models) for split, frames in splits.items()
        },
        anomaly={name: evaluate_anomaly(name, frames, models, drivable) for name, frames in anomalies.items()},
        seen_sequences=trained_on,
        calibration_sequences=calibrated_on,
        every=args.every,
        cost=measure_cost(model.student, model.card),
        notes={each.name: each.note for each in models if each.note},
        sweeps=sweeps_of(args.teacher),
    )
    write_report(evaluation, args.out)
    console.print(f'report: {args.out}/report.md, report.html, report.json, figures/')


def sweeps_of(run: Path | None) -> tuple[str, ...]:
    """Sections of Markdown that sweep.py wrote for this run, one for each sweep."""
    return tuple(path.read_text() for path in sorted(sweep_folder(run).glob('*.md'))) if run else ()


def make_folder(folder: Path) -> None:
    """Make the folder of the report. Raises ConfigError where that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'--out {folder}: no folder can be made there ({error.strerror})') from None


def evaluate_split(name: str, frames: LabelledFrames, models: Sequence[EvaluatedModel]) -> SplitEvaluator:
    """Run every model on every frame of a labelled split."""
    evaluator = SplitEvaluator(models, len(frames.classes), example_numbers(frames))
    for frame in shown_progress(name, frames, len(frames)):
        evaluator.update(frame)
    return evaluator


def evaluate_shift(name: str, shift: Shifted, models: Sequence[EvaluatedModel]) -> ShiftEvaluator:
    """Run every model on every frame of a labelled shift."""
    evaluator = ShiftEvaluator(models, shift.merge, len(shift.frames.classes))
    for frame in shown_progress(name, shift.frames, len(shift.frames)):
        evaluator.update(frame)
    return evaluator


def evaluate_anomaly(
    name: str, frames: LabelledFrames, models: Sequence[EvaluatedModel], drivable: Sequence[int]
) -> AnomalySet:
    """Run every model on every frame with unknown objects."""
    first = shown_progress(f'{name}, pixels', frames, len(frames))
    again = shown_progress(f'{name}, components', frames, len(frames))
    return evaluate_anomalies(first, again, models, drivable, example_numbers(frames))


def example_numbers(frames: LabelledFrames) -> list[int]:
    """Those of the frames that are kept, evenly spread."""
    numbers: list[int] = np.linspace(0, len(frames) - 1, min(EXAMPLES, len(frames))).astype(int).tolist()
    return numbers


def evaluate_weather(
    split: str, weather: Mapping[str, Shifted], models: Sequence[EvaluatedModel]
) -> dict[str, ShiftEvaluator]:
    """Run every model on every frame of a split in each weather."""
    return {name: evaluate_shift(f'{split}, {name}', shift, models) for name, shift in weather.items()}


def images(name: str, source: FrameSource, every: int) -> Iterable[NDArray[np.uint8]]:
    """Every n-th image, (H, W, 3) RGB, of a folder or video."""
    count = None if source.frame_count is None else -(-source.frame_count // every)
    return shown_progress(name, stream_frames(source, every), count)


def shown_progress(name: str, items: Iterable[T], count: int | None) -> Iterable[T]:
    """A bar in a terminal, a line elsewhere."""
    if not console.is_terminal:
        console.print(f'{name}: {count if count is not None else "?"} images')
        return items
    return track(items, name, count, console=console)


if __name__ == '__main__':
    try:
        evaluate(parse_args())
    except UncdError as error:
        sys.exit(f'error: {error}')
