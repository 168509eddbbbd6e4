# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often each class is seen."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from training.data.labelled_frames import LabelledFrames


def class_counts(frames: LabelledFrames) -> NDArray[np.int64]:
    """(C,) pixels of each class; every label is read, several at a time."""

    def count(index: int) -> NDArray[np.int64]:
        return np.asarray(np.bincount(frames.labels(index).ravel(), minlength=256)[: len(frames.classes)], np.int64)

    with ThreadPoolExecutor() as pool:
        total = sum(pool.map(count, range(len(frames))), np.zeros(len(frames.classes), np.int64))
    return np.asarray(total)
