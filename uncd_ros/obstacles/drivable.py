# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The drivable region of an image: the road, with whatever lies on it."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray


def drivable_region(labels: NDArray[np.uint8], drivable: Sequence[int]) -> NDArray[np.bool_]:
    """(H, W) class ids -> (H, W) true inside the convex hull of the largest patch of drivable classes.

    An object on the road is labelled as something else, or as nothing: the hull closes the hole that it leaves. The
    largest patch alone counts, so that a few wrong pixels up a wall do not stretch the region. False everywhere
    where nothing is drivable.
    """
    is_drivable = np.zeros(256, np.uint8)
    is_drivable[list(drivable)] = 1
    on_road = np.asarray(cv2.LUT(labels, is_drivable), np.uint8)
    count, patches, statistics, _ = cv2.connectedComponentsWithStats(on_road)
    region = np.zeros(labels.shape, np.uint8)
    if count > 1:  # 0 is the background
        largest = 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())
        # The hull of a patch is that of its outline, which has a hundredth of its pixels.
        (outline,), _ = cv2.findContours(
            (patches == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        cv2.fillConvexPoly(region, cv2.convexHull(outline), 1)
    return region.astype(bool)
