# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One picture of a data set: frames, and their labels in the colours of the classes."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.labelled_frames import LabelledFrames
from uncd_ros.images.palette import colour_table, colourise

TILE, STRIP = 320, 24
"""Width of a picture and height of a line of text, pixels."""
EACH = 4
"""Frames of a split."""


def label_sheet(splits: Mapping[str, LabelledFrames]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB: a row for each of some frames, evenly spread over every split; ignored pixels are black."""
    rows = [
        _row(name, frames, int(index))
        for name, frames in splits.items()
        for index in np.linspace(0, len(frames) - 1, min(EACH, len(frames)))
    ]
    return np.concatenate(rows)


def _row(split: str, frames: LabelledFrames, index: int) -> NDArray[np.uint8]:
    frame = frames[index]
    colours = colourise(frame.labels, colour_table(tuple(info.color for info in frames.classes)))
    size = (TILE, max(1, round(TILE * frame.image.shape[0] / frame.image.shape[1])))
    tiles = [
        cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA),
        cv2.resize(colours, size, interpolation=cv2.INTER_NEAREST),
    ]
    strip = np.zeros((STRIP, 2 * TILE, 3), np.uint8)
    caption = f'{split}: {frame.name} of {frame.sequence}'
    cv2.putText(strip, caption, (4, STRIP - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.concatenate([strip, np.concatenate(tiles, axis=1)])
