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

from arguments import Wish, parse_wish
from data.frames import LabelledFrames
from judging.entrants import Entrant, baseline_entrants, student_entrant, teacher_entrant
from judging.material import Shifted, calibration_frames, open_shifts, open_split, open_weather, past
from progress import console
from run_folder import sweep_folder
from uncd_ros.allocator import keep_freed_memory
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.evaluation.cost import measure_cost
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.records import LabelledFrame
from uncd_ros.evaluation.report import write_report
from uncd_ros.evaluation.trial import Contender, ShiftTrial, Trial, score_images
from uncd_ros.frame_source import FrameSource, open_source
from uncd_ros.model_store import StoredModel, load_model
from uncd_ros.predictor import choose_device

EXAMPLES = 4
"""Frames of each split that are kept to look at."""
T = TypeVar('T')


def evaluate(wish: Wish) -> None:
    """The main path. What can be refused is refused before the first image is judged."""
    keep_freed_memory()  # as in training; and what a pass costs is measured without page faults, as on the robot
    model = load_model(wish.model)
    splits = {name: open_split(wish, model, name) for name in wish.split}
    shifts = open_shifts(wish, model)
    sources = {name: open_source(path) for name, path in wish.ood.items()}
    entrants = enter(wish, model)
    seen, calibrated_on = past(wish, model)
    contenders = tuple(entrant.contender for entrant in entrants)
    make_folder(wish.out)

    trials = {name: judge_split(name, frames, contenders) for name, frames in splits.items()}
    shifted = {name: judge_shift(name, shift, contenders) for name, shift in shifts.items()}
    weather = {split: judge_weather(split, open_weather(wish, frames), contenders) for split, frames in splits.items()}
    strange = {name: score_images(contenders, images(name, source, wish.every)) for name, source in sources.items()}
    evaluation = Evaluation(
        card=model.card,
        dataset=wish.dataset,
        contenders=contenders,
        splits=trials,
        strange=strange,
        shifts=shifted,
        weather=weather,
        seen_sequences=seen,
        calibration_sequences=calibrated_on,
        every=wish.every,
        cost=measure_cost(model.student, model.card),
        notes={entrant.contender.name: entrant.note for entrant in entrants if entrant.note},
        sweeps=sweeps_of(wish.teacher),
    )
    write_report(evaluation, wish.out)
    console.print(f'report: {wish.out}/report.md, report.html, report.json, figures/')


def sweeps_of(run: Path | None) -> tuple[str, ...]:
    """What sweep.py found, as often as it was run there."""
    return tuple(path.read_text() for path in sorted(sweep_folder(run).glob('*.md'))) if run else ()


def make_folder(folder: Path) -> None:
    """Raises ConfigError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'--out {folder}: no folder can be made there ({error.strerror})') from None


def enter(wish: Wish, model: StoredModel) -> list[Entrant]:
    """The student first."""
    device = choose_device(wish.device)
    entrants = [student_entrant(model, device)]
    if wish.teacher:
        entrants.append(teacher_entrant(wish.teacher, model, device))
    if wish.baseline:
        entrants += baseline_entrants(wish.baseline, model, device, lambda run: calibration_frames(wish, run))
    return entrants


def judge_split(name: str, frames: LabelledFrames, contenders: Sequence[Contender]) -> Trial:
    """Every frame of a labelled split before every contender."""
    shown = np.linspace(0, len(frames) - 1, min(EXAMPLES, len(frames))).astype(int)
    trial = Trial(contenders, len(frames.classes), shown.tolist())
    for frame in shown_progress(name, read(frames), len(frames)):
        trial.update(frame)
    return trial


def judge_shift(name: str, shift: Shifted, contenders: Sequence[Contender]) -> ShiftTrial:
    """Every frame of a labelled shift before every contender."""
    trial = ShiftTrial(contenders, shift.merge, len(shift.frames.classes))
    for frame in shown_progress(name, read(shift.frames), len(shift.frames)):
        trial.update(frame)
    return trial


def judge_weather(split: str, weather: Mapping[str, Shifted], contenders: Sequence[Contender]) -> dict[str, ShiftTrial]:
    """Every frame of a split in each weather before every contender."""
    return {name: judge_shift(f'{split}, {name}', each, contenders) for name, each in weather.items()}


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
        evaluate(parse_wish())
    except UncdError as error:
        sys.exit(f'error: {error}')
