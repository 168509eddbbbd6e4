# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Judge a model as a sceptic would: on labelled splits and on images of other worlds, with its rivals beside it.

    python training/evaluate.py MODEL --dataset camvid --split val train/0006R0 --out report
        --ood rain=rain.mp4 --shift idd=idd_lite_dev:classes.json --weather heavy_rain heavy_snow motion_blur
        --teacher runs/camvid --baseline runs/camvid

Writes report.json, report.md, report.html and figures/. Frames stream: memory does not grow with their number.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from training.comparison.evaluate_args import EvaluateArgs, parse_args
from training.comparison.evaluated_models import Entrant, baseline_entrants, student_entrant, teacher_entrant
from training.comparison.evaluation_data import Shifted, calibration_frames, open_shifts, open_split, open_weather, past
from training.data.labelled_frames import LabelledFrames
from training.run.progress import console
from training.run.run_folder import sweep_folder
from uncd_ros.allocator import keep_freed_memory
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.evaluation.cost import measure_cost
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.report import write_report
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import EvaluatedModel, ShiftEvaluator, SplitEvaluator, score_images
from uncd_ros.model.predictor import choose_device
from uncd_ros.model.store import StoredModel, load_model
from uncd_ros.sources.frame_source import FrameSource, open_source

EXAMPLES = 4
"""Frames of each split that are kept to look at."""
T = TypeVar('T')


def evaluate(args: EvaluateArgs) -> None:
    """The main path. What can be refused is refused before the first image is judged."""
    keep_freed_memory()  # as in training; and what a pass costs is measured without page faults, as on the robot
    model = load_model(args.model)
    splits = {name: open_split(args, model, name) for name in args.split}
    shifts = open_shifts(args, model)
    sources = {name: open_source(path) for name, path in args.ood.items()}
    entrants = enter(args, model)
    seen, calibrated_on = past(args, model)
    evaluated_models = tuple(entrant.evaluated_model for entrant in entrants)
    make_folder(args.out)

    trials = {name: judge_split(name, frames, evaluated_models) for name, frames in splits.items()}
    shifted = {name: judge_shift(name, shift, evaluated_models) for name, shift in shifts.items()}
    weather = {
        split: judge_weather(split, open_weather(args, frames), evaluated_models) for split, frames in splits.items()
    }
    ood_sets = {
        name: score_images(evaluated_models, images(name, source, args.every)) for name, source in sources.items()
    }
    evaluation = Evaluation(
        card=model.card,
        dataset=args.dataset,
        evaluated_models=evaluated_models,
        splits=trials,
        ood_sets=ood_sets,
        shifts=shifted,
        weather=weather,
        seen_sequences=seen,
        calibration_sequences=calibrated_on,
        every=args.every,
        cost=measure_cost(model.student, model.card),
        notes={entrant.evaluated_model.name: entrant.note for entrant in entrants if entrant.note},
        sweeps=sweeps_of(args.teacher),
    )
    write_report(evaluation, args.out)
    console.print(f'report: {args.out}/report.md, report.html, report.json, figures/')


def sweeps_of(run: Path | None) -> tuple[str, ...]:
    """What sweep.py found, as often as it was run there."""
    return tuple(path.read_text() for path in sorted(sweep_folder(run).glob('*.md'))) if run else ()


def make_folder(folder: Path) -> None:
    """Raises ConfigError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'--out {folder}: no folder can be made there ({error.strerror})') from None


def enter(args: EvaluateArgs, model: StoredModel) -> list[Entrant]:
    """The student first."""
    device = choose_device(args.device)
    entrants = [student_entrant(model, device)]
    if args.teacher:
        entrants.append(teacher_entrant(args.teacher, model, device))
    if args.baseline:
        entrants += baseline_entrants(args.baseline, model, device, lambda run: calibration_frames(args, run))
    return entrants


def judge_split(name: str, frames: LabelledFrames, evaluated_models: Sequence[EvaluatedModel]) -> SplitEvaluator:
    """Every frame of a labelled split before every evaluated_model."""
    shown = np.linspace(0, len(frames) - 1, min(EXAMPLES, len(frames))).astype(int)
    trial = SplitEvaluator(evaluated_models, len(frames.classes), shown.tolist())
    for frame in shown_progress(name, read(frames), len(frames)):
        trial.update(frame)
    return trial


def judge_shift(name: str, shift: Shifted, evaluated_models: Sequence[EvaluatedModel]) -> ShiftEvaluator:
    """Every frame of a labelled shift before every evaluated_model."""
    trial = ShiftEvaluator(evaluated_models, shift.merge, len(shift.frames.classes))
    for frame in shown_progress(name, read(shift.frames), len(shift.frames)):
        trial.update(frame)
    return trial


def judge_weather(
    split: str, weather: Mapping[str, Shifted], evaluated_models: Sequence[EvaluatedModel]
) -> dict[str, ShiftEvaluator]:
    """Every frame of a split in each weather before every evaluated_model."""
    return {name: judge_shift(f'{split}, {name}', each, evaluated_models) for name, each in weather.items()}


def images(name: str, source: FrameSource, every: int) -> Iterable[NDArray[np.uint8]]:
    """(H, W, 3) RGB images of a folder or video."""
    count = None if source.frame_count is None else -(-source.frame_count // every)
    frames = (np.ascontiguousarray(frame[..., ::-1]) for frame in islice(source, 0, None, every))
    return shown_progress(name, frames, count)


def read(frames: LabelledFrames) -> Iterator[LabelledFrame]:
    """One after another."""
    return (frames[index] for index in range(len(frames)))


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
