# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One image for the page: encoded when somebody looks at it, and then once for all who do."""

import threading
from collections.abc import Callable
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.images.channels import contiguous_bgr
from uncd_ros.images.codec import encode_jpeg

View = Literal['overlay', 'camera', 'uncertainty']
VIEWS: tuple[View, ...] = get_args(View)
LARGE, SMALL = 1280, 320
"""Pixels of width at most."""
QUALITY = 80
"""Of the JPEG: for the eye."""


class Picture:
    """Pixels that are not yet read, and the JPEGs made of them. For several threads."""

    def __init__(self, read: Callable[[], NDArray[np.uint8]]) -> None:
        """`read` gives (H, W, 3) RGB."""
        self._read = read
        self._jpegs: dict[int, bytes] = {}
        self._encoding = threading.Lock()

    def jpeg(self, width: int) -> bytes:
        """At most so many pixels wide. Raises what `read` raises."""
        with self._encoding:
            if width not in self._jpegs:
                self._jpegs[width] = _encoded(self._read(), width)
            return self._jpegs[width]


def _encoded(pixels: NDArray[np.uint8], width: int) -> bytes:
    bgr, (height, full) = contiguous_bgr(pixels), pixels.shape[:2]
    if full > width:
        size = (width, max(1, round(height * width / full)))
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_jpeg(bgr, QUALITY)
