# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frames that calibrate an engine: a folder of images, with labels if there are any, or the procedural street."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.label_images import read_labels
from uncd_ros.images.codec import read_image
from uncd_ros.model.card import ModelCard
from uncd_ros.sources.folder import FolderSource
from uncd_ros.street.scene import render_street

STREET = 'street'
_STREET_LENGTH, _STREET_STEP = 30, 10
"""Frames of a procedural street, and how far apart they are: those of the training's calibration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One image."""

    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    labels: NDArray[np.uint8] | None
    """(H, W) class ids, 255 ignore; None for an image without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFrames:
    """Images `<sequence>_<frame>` of one folder, read when they are asked for."""

    every_path: tuple[Path, ...]
    """All of the folder, whatever their drive."""
    paths: tuple[Path, ...]
    """Those that may set a threshold."""
    sequences: tuple[str, ...]
    """Drive that each belongs to: its name up to the first '_'."""
    num_classes: int
    ignore_index: int
    """Label id, in the files, of no class."""

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Frame:
        return self.read(self.paths[index])

    def read(self, path: Path) -> Frame:
        """One of the folder, with its labels."""
        image: NDArray[np.uint8] = np.ascontiguousarray(read_image(path)[..., ::-1])
        of_labels = path.parent.with_name(f'{path.parent.name}annot') / f'{path.stem}.png'
        if not of_labels.is_file():
            return Frame(image=image, labels=None)
        shape = (image.shape[0], image.shape[1])
        return Frame(image=image, labels=read_labels(of_labels, shape, self.num_classes, self.ignore_index))


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetFrames:
    """The procedural streets that calibrated the model."""

    sequences: tuple[str, ...]
    """'street100' is the one of seed 100; each as often as it has frames."""
    height: int
    width: int

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> Frame:
        seed, frame = int(self.sequences[index].removeprefix(STREET)), _STREET_STEP * (index % _STREET_LENGTH)
        scene = render_street(seed=seed, frame=frame, height=self.height, width=self.width)
        return Frame(image=scene.image, labels=scene.labels)


Frames = FolderFrames | StreetFrames


def open_frames(place: str, card: ModelCard) -> Frames:
    """The frames that may set a threshold: those of the drives that calibrated the model, where it names any of them.

    `place` is a folder of images, with their labels in <folder>annot, or 'street'. In a folder without those drives
    all images count: they must be of nominal drives that the model was not trained on. Raises SourceError or
    ConfigError.
    """
    known = card.calibration_data.sequences
    if place == STREET:
        if card.calibration_data.dataset != STREET:
            found = card.calibration_data.dataset
            raise ConfigError(f'--calibration is {place}, but {card.name} was calibrated on {found}')
        height, width = card.student.input_size
        streets = tuple(name for name in known for _ in range(_STREET_LENGTH))
        return StreetFrames(sequences=streets, height=height, width=width)
    folder = Path(place)
    if not folder.is_dir():
        raise ConfigError(f'--calibration {place}: no such folder, expected one of images, or {STREET}')
    paths = FolderSource(folder).paths
    chosen = [path for path in paths if _sequence(path) in known] or paths
    return FolderFrames(
        every_path=tuple(paths),
        paths=tuple(chosen),
        sequences=tuple(map(_sequence, chosen)),
        num_classes=len(card.classes),
        ignore_index=_ignore_index(folder.parent / 'classes.json'),
    )


def range_frames(frames: Frames, most: int) -> Iterator[Frame]:
    """At most so many, evenly spread over all drives of the folder.

    Of those that taught the student, too: ranges set no threshold, and those of one drive are too narrow for another
    light. benchmark/NOTES.md has the figures.
    """
    if isinstance(frames, FolderFrames):
        return (frames.read(frames.every_path[index]) for index in _spread(len(frames.every_path), most))
    return (frames[index] for index in _spread(len(frames), most))


def _spread(count: int, most: int) -> list[int]:
    indices: list[int] = np.unique(np.linspace(0, count - 1, min(most, count)).astype(int)).tolist()
    return indices


def _sequence(path: Path) -> str:
    return path.stem.partition('_')[0]


def _ignore_index(classes: Path) -> int:
    """Of a data set that states one."""
    try:
        return int(json.loads(classes.read_text())['ignore'])
    except (OSError, ValueError, KeyError, TypeError):
        return IGNORE_INDEX
