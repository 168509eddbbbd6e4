# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Unknown objects on known streets: things cut out of other images, pasted onto the road of labelled frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.results import LabelledFrame

SMALLEST = 400
"""Pixels of an object that is cut out; what is smaller shows nothing when it is enlarged."""
HEIGHTS = (0.1, 0.4)
"""Range of an object's height at the lower edge of the image, as a share of the image's."""
FEATHER = 1.0
"""Pixels, std of the Gaussian that softens the edge of what is pasted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOut:
    """One object, and nothing around it."""

    image: NDArray[np.uint8]
    """(h, w, 3) RGB."""
    mask: NDArray[np.uint8]
    """(h, w) 1 on the object."""


def cut_out(frames: LabelledFrames) -> list[CutOut]:
    """Every connected object, labelled 1, of the frames."""
    return [each for frame in frames for each in _objects(frame)]


def _objects(frame: LabelledFrame) -> Iterator[CutOut]:
    count, numbers, statistics, _ = cv2.connectedComponentsWithStats((frame.labels == 1).astype(np.uint8))
    for number in range(1, count):
        left, top, width, height, area = statistics[number]
        if area >= SMALLEST:
            box = (slice(top, top + height), slice(left, left + width))
            yield CutOut(image=frame.image[box].copy(), mask=(numbers[box] == number).astype(np.uint8))


def paste(frame: LabelledFrame, thing: CutOut, drivable: Sequence[int], rng: np.random.Generator) -> LabelledFrame:
    """The frame with the object standing somewhere on its road; labels are 0 normal, 1 anomalous, 255 ignore.

    It is the smaller the nearer to the horizon, the highest row of the road. A frame without road stays as it is.
    """
    labels = np.where(frame.labels == IGNORE_INDEX, np.uint8(IGNORE_INDEX), np.uint8(0))
    rows, columns = np.nonzero(np.isin(frame.labels, drivable))
    if not len(rows):
        return replace(frame, labels=labels)
    height, horizon = len(labels), int(rows.min())
    place = rng.integers(len(rows))
    foot, middle = int(rows[place]), int(columns[place])
    nearness = (foot - horizon + 1) / (height - horizon)
    scaled = _scaled(thing, height * nearness * rng.uniform(*HEIGHTS))
    return _placed(frame, labels, scaled, foot - len(scaled.mask) + 1, middle - scaled.mask.shape[1] // 2)


def _scaled(thing: CutOut, height: float) -> CutOut:
    """Of this height in pixels, at least 6, and mirrored never: text would give it away."""
    scale = max(6.0, height) / len(thing.mask)
    size = (max(4, round(thing.mask.shape[1] * scale)), round(len(thing.mask) * scale))
    kind = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    image = np.asarray(cv2.resize(thing.image, size, interpolation=kind), np.uint8)
    return CutOut(image=image, mask=np.asarray(cv2.resize(thing.mask, size, interpolation=cv2.INTER_NEAREST), np.uint8))


def _placed(frame: LabelledFrame, labels: NDArray[np.uint8], thing: CutOut, top: int, left: int) -> LabelledFrame:
    """Cut off at the borders of the image."""
    height, width = labels.shape
    canvas, mask = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    inside = (slice(max(0, top), top + len(thing.mask)), slice(max(0, left), left + thing.mask.shape[1]))
    target = canvas[inside].shape[:2]
    source = (slice(max(0, -top), max(0, -top) + target[0]), slice(max(0, -left), max(0, -left) + target[1]))
    canvas[inside], mask[inside] = thing.image[source], thing.mask[source]
    alpha = (cv2.GaussianBlur(mask, (0, 0), FEATHER) * mask)[..., None]
    image = frame.image * (1.0 - alpha) + canvas * alpha
    pasted = np.where(mask > 0, np.uint8(1), labels)
    return replace(frame, image=image.round().clip(0, 255).astype(np.uint8), labels=pasted)
