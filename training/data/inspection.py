# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a data set, file by file, before it costs an hour of training."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.labelled_frames import LabelledFrames
from training.data.splits import Splits
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ConfigError, UncdError


@dataclass(frozen=True, kw_only=True)
class FrameCheck:
    """One frame as it was found."""

    size: tuple[int, int] | None = None
    """Height and width; None where it could not be read."""
    pixels: NDArray[np.int64] | None = None
    """(256,) pixels of each label id."""
    problem: str = ''
    """Why it cannot be trained on, with the name of the file; empty if it can."""


@dataclass(frozen=True, kw_only=True)
class SplitInspection:
    """What a split holds."""

    sizes: Counter[tuple[int, int]]
    """Frames of each height and width."""
    sequences: Counter[str]
    """Frames of each drive."""
    pixels: NDArray[np.int64]
    """(256,) pixels of each label id, 255 ignored."""
    without_labels: tuple[str, ...]
    """Frames of which every pixel is ignored."""
    problems: tuple[str, ...]
    """One line for each frame that cannot be used."""

    @classmethod
    def of(cls, frames: LabelledFrames, every_pixel: bool) -> 'SplitInspection':
        """Reads every label, and every image, too, for `every_pixel`; several at a time."""
        with ThreadPoolExecutor() as pool:
            checks = list(pool.map(partial(_check_frame, frames, every_pixel), range(len(frames))))
        counted = [check.pixels for check in checks if check.pixels is not None]
        named = zip(frames.names, checks, strict=True)
        return cls(
            sizes=Counter(check.size for check in checks if check.size is not None),
            sequences=Counter(frames.sequences),
            pixels=np.sum([np.zeros(256, np.int64), *counted], axis=0),
            without_labels=tuple(
                name for name, each in named if each.pixels is not None and not each.pixels[:IGNORE_INDEX].any()
            ),
            problems=tuple(check.problem for check in checks if check.problem),
        )


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found in a data set."""

    splits: Mapping[str, SplitInspection]
    problems: tuple[str, ...]
    """What makes training wrong, one line each; training is refused."""
    notes: tuple[str, ...]
    """What may be meant."""


def inspect_splits(splits: Splits, every_pixel: bool = True) -> Inspection:
    """Look at every frame of every split.

    Without `every_pixel`, an image is only opened: its size is compared with its label's, but a damage inside of it is
    not seen. Labels are always read in full.
    """
    frames = {'train': splits.train, 'calibration': splits.calibration, 'val': splits.val}
    found = {name: SplitInspection.of(each, every_pixel) for name, each in frames.items()}
    problems = [problem for each in found.values() for problem in each.problems]
    problems += [*_too_few(frames), *_shared_drives(found), *_duplicates(frames)]
    if not found['train'].problems:
        problems += _too_few_classes(splits.train, found['train'])
    return Inspection(splits=found, problems=tuple(problems), notes=tuple(_notes(splits.train, found)))


def check_data(splits: Splits) -> None:
    """Refuse, before training, what makes it wrong. Raises ConfigError with the first problem.

    Labels are read in full and images are opened, once: training reads each some hundred times. Rendered frames are not
    looked at.
    """
    if splits.train.file(0) is None:
        return
    problems = inspect_splits(splits, every_pixel=False).problems
    if problems:
        more = f' ({len(problems) - 1} more problems; training/inspect_data.py lists all)' if problems[1:] else ''
        raise ConfigError(f'{problems[0]}{more}')


def _check_frame(frames: LabelledFrames, every_pixel: bool, index: int) -> FrameCheck:
    try:
        labels = frames.labels(index)
        path = frames.file(index)
        if every_pixel or path is None or _stated_size(path) != labels.shape:
            labels = frames[index].labels  # which names what does not fit
    except UncdError as error:
        return FrameCheck(problem=str(error))
    return FrameCheck(size=(labels.shape[0], labels.shape[1]), pixels=np.bincount(labels.ravel(), minlength=256))


def _stated_size(path: Path) -> tuple[int, int] | None:
    """Height and width in the header of an image; None where it has none that can be read."""
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except OSError:
        return None


def _too_few(frames: Mapping[str, LabelledFrames]) -> list[str]:
    # None at all calibrate where every member of an ensemble leaves out drives of its own.
    counts = {name: len(each) for name, each in frames.items() if len(each) or name != 'calibration'}
    return [f'{name} has {count} frames, expected 2 or more' for name, count in counts.items() if count < 2]


def _shared_drives(found: Mapping[str, SplitInspection]) -> list[str]:
    return [
        f"drive '{drive}' is in train and in calibration, expected it in one: what calibrates must not be trained on"
        for drive in sorted(set(found['train'].sequences) & set(found['calibration'].sequences))
    ]


def _duplicates(frames: Mapping[str, LabelledFrames]) -> list[str]:
    """The same image in two splits; contents are compared only of files that are equally long."""
    files = {
        name: [path for index in range(len(each)) if (path := each.file(index)) is not None and path.is_file()]
        for name, each in frames.items()
    }
    problems = []
    for one, other in combinations(files, 2):
        lengths = {path.stat().st_size for path in files[one]} & {path.stat().st_size for path in files[other]}
        hashes = {_sha256(path): path for path in files[one] if path.stat().st_size in lengths}
        copies = [path for path in files[other] if path.stat().st_size in lengths and _sha256(path) in hashes]
        problems += [f'{path}: in {other}, and the same image as {hashes[_sha256(path)]} in {one}' for path in copies]
    return problems


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _too_few_classes(train: LabelledFrames, found: SplitInspection) -> list[str]:
    names = [info.name for info, count in zip(train.classes, found.pixels, strict=False) if count]
    if len(names) >= 2:
        return []
    seen = f"every labelled pixel is '{names[0]}'" if names else 'no pixel has a class, all are ignored'
    return [f'train: {seen}, expected two classes or more']


def _notes(train: LabelledFrames, found: Mapping[str, SplitInspection]) -> list[str]:
    counts = found['train'].pixels[: len(train.classes)]
    absent = [info.name for info, count in zip(train.classes, counts, strict=True) if not count]
    notes = [f'train shows no {", ".join(absent)}: nothing is learnt about such a class'] if absent else []
    if not any(each.pixels[IGNORE_INDEX] for each in found.values()):
        notes.append('no pixel is ignored: right if every pixel has a class')
    if shared := sorted(set(found['train'].sequences) & set(found['val'].sequences)):
        notes.append(f'val has drives of train, {", ".join(shared[:5])}: figures on val are too good')
    for name, each in found.items():
        if each.without_labels:
            notes.append(
                f'{name}: frames without any labelled pixel teach nothing: {", ".join(each.without_labels[:5])}'
            )
    return notes
