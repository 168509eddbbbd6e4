# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""RGB, which this package uses, and BGR, which OpenCV writes to files."""

import cv2
import numpy as np
from numpy.typing import NDArray


def contiguous_bgr(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB -> BGR in one piece, as OpenCV needs it.

    An RGB view of a BGR image costs nothing; of an RGB image OpenCV makes the copy, in a fortieth of NumPy's time.
    """
    bgr = image[..., ::-1]
    if bgr.flags.c_contiguous:
        return bgr
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR), np.uint8)
