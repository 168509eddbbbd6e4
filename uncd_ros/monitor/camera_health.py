# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of the camera itself, told apart from anomalous scenes: a lens is cleaned, a network is retrained.

The limits are measured on the training frames of CamVid, on IDD, Fishyscapes, a drive in rain, and the procedural
street by day, in fog and at night; each share is the largest, each detail the smallest of any sharp frame.

============  ===================  ====================================  =======
fault         limit                sharp frames                          faulty
============  ===================  ====================================  =======
black         0.95 below 16        0.29 by day, 0.10 at night            1.0
saturated     0.80 at 250 or more  0.33                                  1.0
blurred       detail below 0.18    0.26; fog and night do not lower it   0.16
============  ===================  ====================================  =======

The blurred frames are those with a Gaussian of 1/120 of the image's width, twice that gives 0.13.
"""

import numpy as np
from numpy.typing import NDArray

BLACK_BELOW, BLACK_SHARE = 16, 0.95
SATURATED_FROM, SATURATED_SHARE = 250, 0.8
DETAIL_MIN = 0.18
FROZEN_AFTER = 10
"""Images alike in every sampled pixel: sensor noise alone makes two differ, a video may repeat one or two."""
STRETCH_MAX = 1.02
"""Ratio of two aspect ratios above which an image cannot be what its camera_info describes."""
_SAMPLES = 64
"""Rows, and columns, that are looked at."""


class CameraHealth:
    """Watches the images of one camera; cheap, for it looks at some rows only."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] = np.empty((0, 0, 3), np.uint8)
        self._alike = 1

    def check(self, image: NDArray[np.uint8], expected: tuple[int, int] | None = None) -> str | None:
        """What is wrong with an (H, W, 3) image, in words that begin with the kind of fault; None if nothing is.

        `expected` is the (height, width) that the camera's own calibration states; an image that is merely
        scaled has the right shape.
        """
        height, width = image.shape[:2]
        sample = image[:: max(1, height // _SAMPLES), :: max(1, width // _SAMPLES)]
        is_alike = np.array_equal(sample, self._last)
        self._alike = self._alike + 1 if is_alike else 1
        self._last = sample.copy()
        if expected and _stretch((height, width), expected) > STRETCH_MAX:
            return f'wrong size: {width}x{height}, camera_info says {expected[1]}x{expected[0]}'
        if fault := _exposure(sample):
            return fault
        if self._alike >= FROZEN_AFTER:
            return f'frozen: {self._alike} images are the same'
        if (sharpness := detail(image)) < DETAIL_MIN:
            return f'blurred: detail is {sharpness:.2f}, expected {DETAIL_MIN} or more'
        return None


def _exposure(sample: NDArray[np.uint8]) -> str | None:
    """Whether hardly any pixel, (h, w, 3), is lit, or hardly any is not full."""
    if (black := float(np.mean(sample.max(axis=2) < BLACK_BELOW))) > BLACK_SHARE:
        return f'black: {black:.0%} of the image is dark'
    if (white := float(np.mean(sample.min(axis=2) >= SATURATED_FROM))) > SATURATED_SHARE:
        return f'saturated: {white:.0%} of the image is white'
    return None


def detail(image: NDArray[np.uint8]) -> float:
    """Mean step between pixels 1/480 of the width apart, over that between pixels 1/60 apart.

    1/8 for smooth ramps, towards 1 for noise. A ratio: contrast, so fog and night, cancels out, and a
    width relative to the image's makes it the same for a camera of any resolution. 0 for a flat image
    and NaN for one that is too narrow to tell.
    """
    height, width = image.shape[:2]
    near = max(1, round(width / 480))
    far = 8 * near
    if width <= far:
        return float('nan')
    green = image[:: max(1, height // _SAMPLES), :, 1].astype(np.int16)
    steps = float(np.abs(green[:, near:] - green[:, :-near]).mean())
    changes = float(np.abs(green[:, far:] - green[:, :-far]).mean())
    return steps / changes if changes else 0.0


def _stretch(size: tuple[int, int], expected: tuple[int, int]) -> float:
    """By how much the shape of an image, 1 or more, is wider or narrower than expected."""
    ratio = size[0] * expected[1] / (size[1] * expected[0])
    return max(ratio, 1.0 / ratio)
