# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames without labels: they stream from videos and folders, one at a time, and are resized as on the robot."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from training.data.labelled_frames import Joined, LabelledFrames
from training.data.splits import data_folder
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.network.student import Normalise, StudentConfig
from uncd_ros.sources.frame_source import FrameSource, open_source

UNLABELLED = 254
"""Label of a pixel without ground truth: the teacher alone teaches it. IGNORE_INDEX, 255, enters no loss at all."""


@dataclass(frozen=True, kw_only=True)
class UnlabelledFrames(LabelledFrames):
    """Frames of one size whose pixels are all UNLABELLED."""

    images: NDArray[np.uint8]
    """(N, H, W, 3) RGB, in a file without a name that is mapped into memory."""

    def __getitem__(self, index: int) -> LabelledFrame:
        return LabelledFrame(
            image=np.array(self.images[index]),
            labels=self.labels(index),
            name=self.names[index],
            sequence=self.sequences[index],
        )

    def labels(self, index: int) -> NDArray[np.uint8]:
        """(H, W) of UNLABELLED."""
        return np.full(self.images[index].shape[:2], UNLABELLED, np.uint8)


def open_unlabelled(sources: tuple[str, ...]) -> list[FrameSource]:
    """Videos and image folders, by path or by place in $UNCD_DATA. Raises SourceError for one that cannot be opened."""
    return [open_source(str(data_folder(source))) for source in sources]


def stream_frames(source: FrameSource, every: int = 1) -> Iterator[NDArray[np.uint8]]:
    """Every n-th frame, (H, W, 3) uint8 RGB at its own size, one at a time."""
    return (np.ascontiguousarray(frame[..., ::-1]) for frame in islice(source, 0, None, every))


def join_unlabelled(data: LabelledFrames, sources: tuple[str, ...], every: int) -> LabelledFrames:
    """The labelled frames and, behind them, every n-th frame of each source at the size of the first labelled one.

    The system keeps in memory what it has room for of the file that the latter lie in, so a video may be longer than
    memory. Its disk space, 3 bytes a pixel, is free again when the process ends.
    """
    height, width = data.labels(0).shape
    # The same antialiased resizing as in front of the student; only the size is another.
    resize = Normalise(StudentConfig(num_classes=len(data.classes), input_height=height, input_width=width)).resize
    sequences: list[str] = []
    with tempfile.TemporaryFile() as file:
        for path, source in zip(sources, open_unlabelled(sources), strict=True):
            for frame in stream_frames(source, every):
                resized = resize(torch.from_numpy(frame).permute(2, 0, 1)[None])[0]
                file.write(resized.permute(1, 2, 0).contiguous().numpy().data)
                sequences.append(f'unlabelled:{path}')
        file.flush()
        images = np.memmap(file, np.uint8, mode='r', shape=(len(sequences), height, width, 3))
    unlabelled = UnlabelledFrames(
        classes=data.classes,
        names=tuple(f'{name}_{index:05d}' for index, name in enumerate(sequences)),
        sequences=tuple(sequences),
        images=images,
    )
    return Joined.of(data, unlabelled)
