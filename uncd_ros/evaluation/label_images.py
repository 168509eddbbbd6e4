# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Label images: ids of the model's classes, and one id for what means nothing."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ImageError
from uncd_ros.images.codec import read_image


def read_labels(path: Path, size: tuple[int, int], num_classes: int, ignore_index: int) -> NDArray[np.uint8]:
    """(H, W) uint8 ids of a file, as `as_labels` gives them. Raises ImageError that names the file."""
    return as_labels(read_image(path, cv2.IMREAD_UNCHANGED), str(path), size, num_classes, ignore_index)


def as_labels(
    labels: NDArray[Any], name: str, size: tuple[int, int], num_classes: int, ignore_index: int
) -> NDArray[np.uint8]:
    """(H, W) uint8 ids with `ignore_index` turned into 255. Raises ImageError for another size or an unknown id."""
    if labels.shape != size:
        raise ImageError(f'{name}: label has shape {labels.shape}, expected {size} as its image')
    unknown = set(np.unique(labels).tolist()) - {*range(num_classes), ignore_index}
    if unknown:
        raise ImageError(
            f'{name}: unknown label ids {sorted(unknown)}, expected 0 to {num_classes - 1} or {ignore_index}'
        )
    return np.where(labels == ignore_index, np.uint8(IGNORE_INDEX), labels)
