# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets of a few pixels in their official layouts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from uncd_ros.network.student import StudentConfig

if TYPE_CHECKING:
    from training.data.dataset import DataSet

SIZE = (4, 6)
"""Height and width in pixels."""


def open_tiny(name: str, root: Path, num_classes: int = 2, **settings: object) -> 'DataSet':
    """A data set below `root`, as a training would open it."""
    # Here, for a robot that tests its node has nothing installed to train with.
    from training.data.splits import open_dataset
    from training.run.settings import DataSettings

    student = StudentConfig(num_classes=num_classes, input_height=48, input_width=64)
    return open_dataset(DataSettings(dataset=name, root=str(root), **settings), student)


def write(path: Path, value: int | Sequence[int] | np.ndarray, size: tuple[int, int] = SIZE) -> None:
    """An image of one grey value or RGB colour, or of the pixels that are given."""
    if not isinstance(value, np.ndarray):
        value = np.full((*size, 3) if isinstance(value, Sequence) else size, value, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), value[..., ::-1] if value.ndim == 3 else value), path
