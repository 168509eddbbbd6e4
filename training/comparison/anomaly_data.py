# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of images with unknown objects, in the layout of Fishyscapes and SegmentMeIfYouCan."""

from collections.abc import Sequence
from pathlib import Path

from training.comparison.evaluate_args import EvaluateArgs
from training.data.datasets.street import SEEDS, StreetUnknowns
from training.data.label_codes import IdCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames, Subset
from uncd_ros.classes import IGNORE_INDEX, ClassInfo
from uncd_ros.errors import ConfigError
from uncd_ros.model.card import ModelCard

CLASSES = (ClassInfo(name='normal', color=(70, 70, 70)), ClassInfo(name='anomalous', color=(255, 102, 0)))
MASK_CODE = IdCode(ids={0: 0, **dict.fromkeys(range(1, IGNORE_INDEX), 1), IGNORE_INDEX: IGNORE_INDEX})
"""0 is normal, 255 outside of what counts, all between anomalous."""


PROCEDURAL = {f'street/{split}': seeds for split, seeds in SEEDS.items()}
"""Name, in place of a folder -> procedural streets on which unknown objects lie."""
PROCEDURAL_LENGTH = 5
"""Frames of each."""


def anomaly_frames(folder: Path, size: tuple[int, int] = (240, 320)) -> LabelledFrames:
    """Frames of `images/*` with masks `labels_masks/*.png`; each is a sequence of its own.

    A name of PROCEDURAL gives streets of (height, width) `size`.
    """
    if seeds := PROCEDURAL.get(str(folder)):
        return StreetUnknowns.of(seeds, PROCEDURAL_LENGTH, size)
    masks = folder / 'labels_masks'
    files = frame_files(images_in(folder / 'images'), lambda path: masks / f'{path.stem}.png', lambda path: path.stem)
    if missing := next((file.labels for file in files if not file.labels.is_file()), None):
        raise ConfigError(f'{missing}: not found, expected a mask for each image of {folder / "images"}')
    return LabelledFiles.of(files, CLASSES, MASK_CODE)


def open_anomalies(args: EvaluateArgs) -> dict[str, LabelledFrames]:
    """Every n-th frame of each set. Raises UncdError for one that is not there, whole."""
    sets = {name: anomaly_frames(Path(folder)) for name, folder in args.anomaly.items()}
    return {name: Subset.of(frames, range(0, len(frames), args.every)) for name, frames in sets.items()}


def drivable_ids(card: ModelCard, names: Sequence[str]) -> list[int]:
    """Ids of the classes that a robot may drive on; without names, those of the model card, else the road.

    Raises ConfigError for one that the model does not know.
    """
    names = names or (card.anomaly.drivable if card.anomaly else ('road',))
    known = [info.name for info in card.classes]
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f'--drivable {" ".join(unknown)}: no class of the model, expected some of {", ".join(known)}')
    return [known.index(name) for name in names]
