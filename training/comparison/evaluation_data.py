# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation looks at: labelled splits, labelled frames of shifted domains, frames kept for calibration."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.comparison.evaluate_args import EvaluateArgs
from training.data.augment import WEATHER
from training.data.labelled_frames import ClassList, LabelledFrames, StreetFrames, Subset, camvid_frames, shift_frames
from training.data.segdata import STREET_SPLITS, check_classes
from training.run.settings import Settings
from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.model.store import StoredModel
from uncd_ros.network.student import StudentConfig

STREET_LENGTH = 60
"""Frames a procedural street."""


def open_labelled(args: EvaluateArgs, student: StudentConfig, split: str) -> LabelledFrames:
    """A whole split of the data set; streets are rendered at the student's input size."""
    if args.dataset == 'camvid':
        return camvid_frames(args.data_root, split)
    if split not in STREET_SPLITS:
        raise ConfigError(f'--split {split}: expected one of {", ".join(STREET_SPLITS)} on the street')
    size = (student.input_height, student.input_width)
    return StreetFrames(seeds=STREET_SPLITS[split], length=STREET_LENGTH, height=size[0], width=size[1])


def open_split(args: EvaluateArgs, model: StoredModel, split: str) -> LabelledFrames:
    """`val`, say, or one sequence of it: `train/0006R0`. Raises ConfigError where the model's classes are others."""
    name, _, sequence = split.partition('/')
    frames = open_labelled(args, model.card.student, name)
    check_classes(args.dataset, frames.classes, model.card.classes)
    chosen = [index for index, each in enumerate(frames.sequences) if sequence in ('', each)]
    if not chosen:
        known = ', '.join(sorted(set(frames.sequences)))
        raise ConfigError(f"--split {split}: no sequence '{sequence}', expected one of {known}")
    return Subset(whole=frames, indices=chosen[:: args.every])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifted:
    """Labelled frames of a shifted domain."""

    frames: LabelledFrames
    merge: NDArray[np.int64]
    """(C,) label id in this data set of each of the model's classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weathered:
    """Frames in bad weather; their labels stay."""

    whole: LabelledFrames
    weather: nn.Module

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """What the label ids mean."""
        return self.whole.classes

    @property
    def sequences(self) -> tuple[str, ...]:
        """Drive that each frame belongs to."""
        return self.whole.sequences

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, index: int) -> LabelledFrame:
        frame = self.whole[index]
        torch.manual_seed(index)
        image = self.weather(as_batch(frame.image).float() / 255.0).clamp(0.0, 1.0)[0].permute(1, 2, 0)
        return replace(frame, image=(image * 255.0).round().byte().contiguous().numpy())


def open_shifts(args: EvaluateArgs, model: StoredModel) -> dict[str, Shifted]:
    """Each `FOLDER:classes.json`, the latter in the folder or a path of its own."""
    shifts = {}
    for name, path in args.shift.items():
        folder, _, file = path.rpartition(':')
        if not folder:
            raise ConfigError(f'--shift {name}={path}: expected NAME=FOLDER:classes.json')
        classes = ClassList.read(Path(folder) / file)
        whole = shift_frames(Path(folder), classes)
        shifts[name] = Shifted(
            frames=Subset(whole=whole, indices=range(0, len(whole), args.every)),
            merge=classes.merge(info.name for info in model.card.classes),
        )
    return shifts


def open_weather(args: EvaluateArgs, split: LabelledFrames) -> dict[str, Shifted]:
    """A split in each weather; it is compared with itself, so that only the weather differs."""
    same = np.arange(len(split.classes))
    return {name: Shifted(frames=Weathered(whole=split, weather=WEATHER[name]()), merge=same) for name in args.weather}


def calibration_frames(args: EvaluateArgs, run: Settings) -> LabelledFrames:
    """Frames that a run's first member, the baseline, was not trained on."""
    if run.data.dataset != args.dataset:
        raise ConfigError(f'the baseline was trained on {run.data.dataset}, expected {args.dataset} as evaluated')
    if args.dataset == 'street':
        whole = open_labelled(args, run.student, 'calibration')
        return Subset(whole=whole, indices=range(0, len(whole), args.every))
    whole = open_labelled(args, run.student, 'train')
    held_out = run.data.holdout or run.members[0].exclude_sequences
    kept = [index for index, each in enumerate(whole.sequences) if each in held_out]
    return Subset(whole=whole, indices=kept[:: args.every])


def training_frames(args: EvaluateArgs, model: StoredModel, sequences: frozenset[str]) -> LabelledFrames:
    """Frames of these drives of the training split."""
    whole = open_labelled(args, model.card.student, 'train')
    kept = [index for index, each in enumerate(whole.sequences) if each in sequences]
    return Subset(whole=whole, indices=kept[:: args.every])


def seen_sequences(args: EvaluateArgs, model: StoredModel) -> tuple[frozenset[str], frozenset[str]]:
    """Drives of this data set that the student was trained on, and those it was calibrated on, by its card."""
    calibration = model.card.calibration_data
    calibrated = frozenset(calibration.sequences if calibration.dataset == args.dataset else ())
    trained = model.card.provenance.config.get('data', {})
    if trained.get('dataset') != args.dataset or (args.dataset != 'street' and not (args.data_root / 'train').is_dir()):
        return frozenset(), calibrated
    held_out = frozenset(trained.get('holdout', ()))
    return frozenset(open_labelled(args, model.card.student, 'train').sequences) - held_out, calibrated
