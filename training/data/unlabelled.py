# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames without labels: they stream from videos and folders, one at a time, and are resized as on the robot."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import IO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.segdata import SegData, data_folder
from uncd_ros.network.student import Normalise, StudentConfig
from uncd_ros.sources.frame_source import FrameSource, open_source

UNLABELLED = 254
"""Label of a pixel without ground truth: the teacher alone teaches it. IGNORE_INDEX, 255, enters no loss at all."""


def open_unlabelled(sources: tuple[str, ...]) -> list[FrameSource]:
    """Videos and image folders, by path or by place in $UNCD_DATA. Raises SourceError for one that cannot be opened."""
    return [open_source(str(data_folder(source))) for source in sources]


def stream_frames(source: FrameSource, every: int = 1) -> Iterator[NDArray[np.uint8]]:
    """Every n-th frame, (H, W, 3) uint8 RGB at its own size, one at a time."""
    return (np.ascontiguousarray(frame[..., ::-1]) for frame in islice(source, 0, None, every))


def join_unlabelled(data: SegData, sources: tuple[str, ...], every: int) -> SegData:
    """The labelled frames and, behind them, every n-th frame of each source at their size, labelled UNLABELLED.

    All frames lie in files without a name that are mapped into memory: the system keeps there what it has room for, so
    a video may be longer than memory. Their disk space, 4 bytes a pixel, is free again when the process ends.
    """
    height, width = data.labels.shape[1:]
    # The same antialiased resizing as in front of the student; only the size is another.
    resize = Normalise(StudentConfig(num_classes=len(data.classes), input_height=height, input_width=width)).resize
    sequences = list(data.sequences)
    with tempfile.TemporaryFile() as images, tempfile.TemporaryFile() as labels:
        images.write(data.images.contiguous().numpy().data)
        labels.write(data.labels.contiguous().numpy().data)
        unlabelled = np.full((height, width), UNLABELLED, np.uint8)
        for path, source in zip(sources, open_unlabelled(sources), strict=True):
            for frame in stream_frames(source, every):
                images.write(resize(torch.from_numpy(frame).permute(2, 0, 1)[None]).contiguous().numpy().data)
                labels.write(unlabelled.data)
                sequences.append(f'unlabelled:{path}')
        return SegData(
            images=_mapped(images, (len(sequences), 3, height, width)),
            labels=_mapped(labels, (len(sequences), height, width)),
            names=data.names + tuple(f'{name}_{index:05d}' for index, name in enumerate(sequences[len(data) :])),
            sequences=tuple(sequences),
            classes=data.classes,
        )


def _mapped(file: IO[bytes], shape: tuple[int, ...]) -> Tensor:
    file.flush()
    return torch.from_numpy(np.memmap(file, np.uint8, mode='r+', shape=shape))
