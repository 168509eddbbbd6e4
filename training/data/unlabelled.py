# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames without labels, for the student alone: what a teacher is for."""

from itertools import islice

import cv2
import numpy as np
import torch

from training.data.segdata import SegData, data_folder
from uncd_ros.sources.frame_source import FrameSource, open_source

UNLABELLED = 254
"""Label of a pixel that nobody labelled: the teacher's word counts there. Void, 255, enters no loss at all."""


def open_unlabelled(sources: tuple[str, ...]) -> list[FrameSource]:
    """Videos and image folders, by path or by place in $UNCD_DATA. Raises SourceError for one that cannot be opened."""
    return [open_source(str(data_folder(source))) for source in sources]


def load_unlabelled(sources: tuple[str, ...], every: int, like: SegData) -> SegData:
    """Every n-th frame of each source, stretched to the size of the labelled frames, as images are on the robot."""
    height, width = like.labels.shape[1:]
    images, sequences = [], []
    for path, source in zip(sources, open_unlabelled(sources), strict=True):
        for frame in islice(source, 0, None, every):
            images.append(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)[..., ::-1])
            sequences.append(f'unlabelled:{path}')
    stacked = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()
    return SegData(
        images=stacked,
        labels=torch.full((len(images), height, width), UNLABELLED, dtype=torch.uint8),
        names=tuple(f'{sequence}_{index:05d}' for index, sequence in enumerate(sequences)),
        sequences=tuple(sequences),
        classes=like.classes,
    )
