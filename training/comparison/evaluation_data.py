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
from training.data.class_list import ClassList
from training.data.dataset import matches
from training.data.label_codes import IdCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames, Subset
from training.data.splits import check_classes, drives, open_dataset, settings_as_trained
from training.run.settings import DataSettings, Settings
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.model.store import StoredModel

STREET_LENGTH = 60
"""Frames a procedural street."""


def data_settings(args: EvaluateArgs, model: StoredModel) -> DataSettings:
    """How the data set is read: as the model's own data were, where it was trained on this one."""
    settings = settings_as_trained(model.card, args.dataset)
    return replace(settings, root=str(args.data_root), sequence_length=STREET_LENGTH)


def open_split(args: EvaluateArgs, model: StoredModel, split: str) -> LabelledFrames:
    """`val`, say, or one sequence of it: `train/0006R0`. Raises ConfigError where the model's classes are others."""
    name, _, sequence = split.partition('/')
    frames = open_dataset(data_settings(args, model), model.card.student).split(name)
    check_classes(args.dataset, frames.classes, model.card.classes)
    chosen = [index for index, each in enumerate(frames.sequences) if sequence in ('', each)]
    if not chosen:
        known = ', '.join(sorted(set(frames.sequences)))
        raise ConfigError(f"--split {split}: no sequence '{sequence}', expected one of {known}")
    return Subset.of(frames, chosen[:: args.every])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifted:
    """Labelled frames of a shifted domain."""

    frames: LabelledFrames
    merge: NDArray[np.int64]
    """(C,) label id in this data set of each of the model's classes."""


@dataclass(frozen=True, kw_only=True)
class Weathered(LabelledFrames):
    """Frames in bad weather; their labels stay."""

    whole: LabelledFrames
    weather: nn.Module

    @classmethod
    def of(cls, whole: LabelledFrames, weather: nn.Module) -> 'Weathered':
        """The same frames in this weather."""
        return cls(classes=whole.classes, names=whole.names, sequences=whole.sequences, whole=whole, weather=weather)

    def __getitem__(self, index: int) -> LabelledFrame:
        frame = self.whole[index]
        torch.manual_seed(index)
        image = self.weather(as_batch(frame.image).float() / 255.0).clamp(0.0, 1.0)[0].permute(1, 2, 0)
        return replace(frame, image=(image * 255.0).round().byte().contiguous().numpy())


def shift_frames(root: Path, classes: ClassList) -> LabelledFiles:
    """Frames of a shifted domain: `images/*`, `labels/*.png`; the drive is what a file's name starts with."""
    labels = root / 'labels'
    files = frame_files(
        images_in(root / 'images'), lambda path: labels / f'{path.stem}.png', lambda path: path.stem.split('_')[0]
    )
    return LabelledFiles.of(files, classes.infos, IdCode.plain(len(classes.infos), classes.ignore))


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
            frames=Subset.of(whole, range(0, len(whole), args.every)),
            merge=classes.merge(info.name for info in model.card.classes),
        )
    return shifts


def open_weather(args: EvaluateArgs, split: LabelledFrames) -> dict[str, Shifted]:
    """A split in each weather; it is compared with itself, so that only the weather differs."""
    same = np.arange(len(split.classes))
    return {name: Shifted(frames=Weathered.of(split, WEATHER[name]()), merge=same) for name in args.weather}


def calibration_frames(args: EvaluateArgs, run: Settings) -> LabelledFrames:
    """Frames that a run's first member, the baseline, was not trained on."""
    if run.data.dataset != args.dataset:
        raise ConfigError(f'the baseline was trained on {run.data.dataset}, expected {args.dataset} as evaluated')
    dataset = open_dataset(replace(run.data, root=str(args.data_root), sequence_length=STREET_LENGTH), run.student)
    whole = dataset.calibration()
    if whole is None:
        whole = drives(dataset.split('train'), run.data.holdout or run.members[0].exclude_sequences)
    return Subset.of(whole, range(0, len(whole), args.every))


def training_frames(args: EvaluateArgs, model: StoredModel, sequences: frozenset[str]) -> LabelledFrames:
    """Frames of these drives of the training split."""
    whole = open_dataset(data_settings(args, model), model.card.student).split('train')
    kept = [index for index, each in enumerate(whole.sequences) if each in sequences]
    return Subset.of(whole, kept[:: args.every])


def seen_sequences(args: EvaluateArgs, model: StoredModel) -> tuple[frozenset[str], frozenset[str]]:
    """Drives of this data set that the student was trained on, and those it was calibrated on, by its card."""
    calibration = model.card.calibration_data
    calibrated = frozenset(calibration.sequences if calibration.dataset == args.dataset else ())
    settings = data_settings(args, model)
    if model.card.provenance.config.get('data', {}).get('dataset') != args.dataset:
        return frozenset(), calibrated
    try:
        train = open_dataset(settings, model.card.student).split('train')
    except UncdError:  # what is evaluated may be there alone
        return frozenset(), calibrated
    return frozenset(each for each in train.sequences if not matches(each, settings.holdout)), calibrated
