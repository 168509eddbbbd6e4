# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The drivable region: the hull of the largest patch of road, objects on it included."""

import numpy as np

from uncd_ros.obstacles.drivable import drivable_region

ROAD, PAVEMENT, WALL = 3, 4, 1


def _street() -> np.ndarray:
    labels = np.full((20, 30), WALL, np.uint8)
    labels[10:, 5:25] = ROAD
    return labels


def test_what_lies_on_the_road_is_in_the_region_though_it_is_labelled_as_something_else() -> None:
    labels = _street()
    labels[12:15, 10:14] = WALL
    region = drivable_region(labels, [ROAD])
    assert region[12:15, 10:14].all() and region[10:, 5:25].all()
    assert region.sum() == 10 * 20


def test_a_small_patch_elsewhere_does_not_stretch_the_region() -> None:
    labels = _street()
    labels[0:2, 0:2] = ROAD
    assert not drivable_region(labels, [ROAD])[:10].any()


def test_several_classes_may_be_drivable() -> None:
    labels = _street()
    labels[10:, 25:] = PAVEMENT
    assert not drivable_region(labels, [ROAD])[:, 25:].any()
    assert drivable_region(labels, [ROAD, PAVEMENT])[10:, 25:].all()


def test_without_road_there_is_no_region() -> None:
    assert not drivable_region(np.full((4, 4), WALL, np.uint8), [ROAD]).any()
