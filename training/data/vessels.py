# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the data sets of retinal vessels have in common: two classes inside the camera's round field of view."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.label_codes import MaskCode, read_mask
from training.data.labelled_files import FrameFile, LabelledFiles, frame_files
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import ClassInfo

CLASSES = (ClassInfo(name='background', color=(0, 0, 0)), ClassInfo(name='vessel', color=(255, 255, 255)))
DARKEST = 0.1
"""Share of the bright level below which a pixel is outside: what no light reached is nearly black."""


def vessel_frames(
    images: list[Path],
    labels: Callable[[Path], Path],
    sequence: Callable[[Path], str],
    field_of_view: Callable[[Path], Path] | None = None,
) -> LabelledFrames:
    """Frames whose pixels outside the field of view are ignored: by the mask that there is, or as it is computed."""
    files = frame_files(images, labels, sequence)
    if field_of_view is None:
        return LabelledFiles.of(files, CLASSES, MaskCode(), lambda _, image: computed_field_of_view(image))

    def masked(file: FrameFile, _: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return read_mask(field_of_view(file.image)) > 127

    return LabelledFiles.of(files, CLASSES, MaskCode(), masked)


def computed_field_of_view(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(H, W, 3) RGB -> (H, W): the convex hull of the largest region that is not black.

    Red is brightest in a fundus and hardly darker in its vessels; the threshold follows the exposure.
    """
    red = cv2.GaussianBlur(image[..., 0], (0, 0), max(1.0, image.shape[1] / 300))
    bright = (red > max(4.0, DARKEST * float(np.percentile(red, 95)))).astype(np.uint8)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    mask = np.zeros(image.shape[:2], np.uint8)
    if contours:
        cv2.fillConvexPoly(mask, cv2.convexHull(max(contours, key=cv2.contourArea)), 1)
    return mask.astype(bool)
