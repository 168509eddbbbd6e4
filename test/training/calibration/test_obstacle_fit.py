# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The smallest obstacle: nominal frames hardly ever show a larger region."""

import numpy as np

from training.calibration.obstacle_fit import FALSE_RATE, FalseObstacles, false_obstacles, shows_unknown, smallest_of
from uncd_ros.obstacles.tracker import Obstacle


def test_at_most_the_promised_share_of_new_frames_has_a_region_of_that_size() -> None:
    rng = np.random.default_rng(0)
    exceeded = [np.mean(rng.random(300) ** 9 >= smallest_of((rng.random(300) ** 9).tolist())) for _ in range(200)]
    assert np.mean(exceeded) <= FALSE_RATE


def test_of_few_frames_it_is_above_the_largest_region_of_all() -> None:
    assert smallest_of([0.0, 0.02, 0.01]) > 0.02
    assert smallest_of([0.0]) > 0.0


def test_a_region_shows_an_unknown_thing_that_fills_enough_of_it() -> None:
    region = Obstacle(number=0, left=10, top=5, width=10, height=10, area=0.1, level=255.0)
    unknown = np.zeros((40, 40), bool)
    unknown[5:15, 10:12] = True
    assert not shows_unknown(region, unknown)
    unknown[5:15, 10:13] = True
    assert shows_unknown(region, unknown)


def test_false_obstacles_of_a_drive_are_by_the_area_that_the_other_drives_ask_for() -> None:
    areas = [[0.0, 0.1, 0.3], [0.2, 0.0], [0.05, 0.25]]
    found = false_obstacles([('a',), ('b',), ('c', 'd')], areas)
    assert found == (
        FalseObstacles(drives=('a',), images=3, shown=1),
        FalseObstacles(drives=('b',), images=2, shown=0),
        FalseObstacles(drives=('c', 'd'), images=2, shown=0),
    )
    assert false_obstacles([('a',)], [[0.5, 0.5]]) == ()
