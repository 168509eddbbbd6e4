# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of noise with labels, small enough for a test to train on."""

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from uncd_ros.classes import ClassInfo
from uncd_ros.street.scene import STREET_CLASSES

if TYPE_CHECKING:
    from training.data.segdata import SegData

TINY_SIZE = (48, 64)
"""Height and width in pixels."""
TINY_CLASSES = [f'class {index}' for index in range(5)]


def noise_streets(height: int, width: int) -> 'SegData':
    """Four frames of noise in the street's classes, two a sequence: 'one' and 'two'."""
    # Here, for a robot that tests its node has nothing installed to train with.
    from training.data.segdata import SegData

    return SegData(
        images=torch.randint(0, 255, (4, 3, height, width), dtype=torch.uint8),
        labels=torch.randint(0, 8, (4, height, width), dtype=torch.uint8),
        names=('a', 'b', 'c', 'd'),
        sequences=('one', 'one', 'two', 'two'),
        classes=tuple(ClassInfo(name=name, color=color) for name, color in STREET_CLASSES),
    )


def write_frames(images: Path, labels: Path | None, names: list[str], num_classes: int, void: int) -> None:
    """PNG images of noise and, beside them, label images whose first rows are void."""
    rng = np.random.default_rng(len(names))
    for folder in filter(None, (images, labels)):
        folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(images / f'{name}.png'), rng.integers(0, 255, (*TINY_SIZE, 3), np.uint8))
        if labels is not None:
            ids = rng.integers(0, num_classes, (6, 8), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
            ids[:8] = void
            cv2.imwrite(str(labels / f'{name}.png'), ids)
