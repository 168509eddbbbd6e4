# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of noise with labels, small enough for a test to train on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from uncd_ros.classes import ClassInfo
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.street.scene import STREET_CLASSES

if TYPE_CHECKING:
    from training.data.labelled_frames import LabelledFrames

TINY_SIZE = (48, 64)
"""Height and width in pixels."""
TINY_CLASSES = [f'class {index}' for index in range(5)]


def in_memory(
    images: torch.Tensor, labels: torch.Tensor, sequences: Sequence[str], classes: Sequence[ClassInfo] = ()
) -> 'LabelledFrames':
    """(N, 3, H, W) and (N, H, W) uint8 as frames that are named by their numbers."""
    # Here, for a robot that tests its node has nothing installed to train with.
    from training.data.cache import CachedFrames

    names = tuple(map(str, range(len(sequences))))
    arrays = zip(images.permute(0, 2, 3, 1), labels, names, sequences, strict=True)
    frames = tuple(
        LabelledFrame(image=image.contiguous().numpy(), labels=ids.numpy(), name=name, sequence=sequence)
        for image, ids, name, sequence in arrays
    )
    return CachedFrames(classes=tuple(classes), names=names, sequences=tuple(sequences), frames=frames)


def noise_streets(height: int, width: int) -> 'LabelledFrames':
    """Four frames of noise in the street's classes, two a sequence: 'one' and 'two'."""
    return in_memory(
        torch.randint(0, 255, (4, 3, height, width), dtype=torch.uint8),
        torch.randint(0, 8, (4, height, width), dtype=torch.uint8),
        ('one', 'one', 'two', 'two'),
        [ClassInfo(name=name, color=color) for name, color in STREET_CLASSES],
    )


def write_frames(images: Path, labels: Path | None, names: list[str], num_classes: int, void: int) -> None:
    """PNG images of noise and, beside them, label images whose first rows are void."""
    rng = np.random.default_rng(list(''.join(names).encode()))  # no two folders hold the same images
    for folder in filter(None, (images, labels)):
        folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(images / f'{name}.png'), rng.integers(0, 255, (*TINY_SIZE, 3), np.uint8))
        if labels is not None:
            ids = rng.integers(0, num_classes, (6, 8), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
            ids[:8] = void
            cv2.imwrite(str(labels / f'{name}.png'), ids)
