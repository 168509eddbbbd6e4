# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Obstacles over images: a speck of one image is none, and a thing keeps its number while it is seen."""

import numpy as np
import pytest

from uncd_ros.errors import ConfigError
from uncd_ros.obstacles.params import ObstacleParams
from uncd_ros.obstacles.tracker import FORGET_AFTER, WORKING_WIDTH, Obstacle, ObstacleTracker

ROAD, WALL = 3, 1
HEIGHT, WIDTH = 60, 80
PARAMS = ObstacleParams(level=250, smallest=0.005, images=3)
THING = (30, 40, 8, 10)
"""Top, left, height, width."""


def _labels() -> np.ndarray:
    labels = np.full((HEIGHT, WIDTH), WALL, np.uint8)
    labels[20:, 10:70] = ROAD
    return labels


def _levels(*things: tuple[int, int, int, int], level: int = 253) -> np.ndarray:
    levels = np.full((HEIGHT, WIDTH), 100, np.uint8)
    for top, left, height, width in things:
        levels[top : top + height, left : left + width] = level
    return levels


def _update(tracker: ObstacleTracker, *things: tuple[int, int, int, int], **changes: int) -> tuple[Obstacle, ...]:
    return tracker.update(_labels(), _levels(*things, **changes), [ROAD], PARAMS)


def _settled(*things: tuple[int, int, int, int]) -> ObstacleTracker:
    """A tracker to which these have appeared."""
    tracker = ObstacleTracker()
    for _ in range(PARAMS.images):
        _update(tracker, *things)
    assert tracker.count == len(things)
    return tracker


def test_a_thing_appears_once_it_was_seen_in_enough_images_in_a_row() -> None:
    tracker = ObstacleTracker()
    assert [_update(tracker, THING) for _ in range(2)] == [(), ()]
    (obstacle,) = _update(tracker, THING)
    box = {'left': 40, 'top': 30, 'width': 10, 'height': 8}
    assert obstacle == Obstacle(number=1, **box, area=80 / (HEIGHT * WIDTH), level=253.0)


def test_a_road_that_is_odd_as_a_whole_is_no_thing_and_not_the_one_that_lay_on_it() -> None:
    tracker = _settled(THING)
    assert not _update(tracker, (20, 10, 40, 60))
    assert not _update(tracker, (20, 10, 19, 60))
    (obstacle,) = _update(tracker, THING)
    assert obstacle.number == 1


def test_level_and_smallest_area_are_the_models_unless_others_are_asked_for() -> None:
    assert ObstacleParams().of_model(230, 0.02) == ObstacleParams(level=230, smallest=0.02)
    assert ObstacleParams(level=9).of_model(230, 0.02) == ObstacleParams(level=9, smallest=0.02)
    assert ObstacleParams(smallest=0.1).of_model(230, 0.02) == ObstacleParams(level=230, smallest=0.1)


def test_a_speck_that_comes_and_goes_never_appears() -> None:
    tracker = ObstacleTracker()
    for number in range(12):
        assert not _update(tracker, *([] if number % 3 == 2 else [THING]))
    assert not tracker.count


def test_a_thing_that_moves_and_grows_keeps_its_number() -> None:
    tracker = _settled((22, 30, 5, 6))
    for step in range(1, 6):
        (obstacle,) = _update(tracker, (22 + 2 * step, 30 - step, 5 + step, 6 + step))
        assert (obstacle.number, obstacle.top) == (1, 22 + 2 * step)
    assert tracker.count == 1


def test_a_thing_that_flickers_keeps_its_number_and_is_not_reported_where_it_is_not_seen() -> None:
    tracker = _settled(THING)
    assert not _update(tracker)
    (obstacle,) = _update(tracker, THING)
    assert obstacle.number == 1


def test_a_thing_that_was_gone_for_long_is_a_new_one() -> None:
    tracker = _settled(THING)
    for _ in range(FORGET_AFTER):
        assert not _update(tracker)
    assert [len(_update(tracker, THING)) for _ in range(3)] == [0, 0, 1]
    assert tracker.count == 2


def test_where_none_may_appear_known_ones_are_followed() -> None:
    tracker, other = _settled(THING), (20, 28, 5, 6)
    for _ in range(PARAMS.images + 1):
        found = tracker.update(_labels(), _levels(THING, other), [ROAD], PARAMS, may_appear=False)
        assert [each.number for each in found] == [1]
    assert [each.number for each in _update(tracker, THING, other)] == [1, 2]


def test_two_things_have_two_numbers() -> None:
    tracker = _settled(THING, (45, 15, 6, 6))
    assert {each.number for each in _update(tracker, THING, (45, 15, 6, 6))} == {1, 2}


@pytest.mark.parametrize(
    ('thing', 'level'),
    [
        ((5, 40, 8, 10), 253),  # on the wall
        ((30, 40, 2, 3), 253),  # too small
        (THING, 249),  # not anomalous enough
    ],
)
def test_what_is_no_obstacle(thing: tuple[int, int, int, int], level: int) -> None:
    tracker = ObstacleTracker()
    assert not any(_update(tracker, thing, level=level) for _ in range(5))


def test_what_hides_the_road_is_an_obstacle_whatever_its_label() -> None:
    labels = _labels()
    labels[30:38, 40:50] = WALL
    tracker = ObstacleTracker()
    for _ in range(PARAMS.images):
        found = tracker.update(labels, _levels(THING), [ROAD], PARAMS)
    assert len(found) == 1


def test_a_large_image_is_thinned_out_and_boxes_are_in_its_pixels() -> None:
    factor = 3 * WORKING_WIDTH // WIDTH
    large = np.ones((factor, factor), np.uint8)
    tracker = ObstacleTracker()
    for _ in range(PARAMS.images):
        found = tracker.update(np.kron(_labels(), large), np.kron(_levels(THING), large), [ROAD], PARAMS)
    (obstacle,) = found
    expected = (40 * factor, 30 * factor, 10 * factor, 8 * factor)
    assert (obstacle.left, obstacle.top, obstacle.width, obstacle.height) == expected
    assert obstacle.area == pytest.approx(80 / (HEIGHT * WIDTH))


def test_a_box_ends_where_the_image_does() -> None:
    height, width = 481, WORKING_WIDTH + 1
    labels, levels = np.full((height, width), ROAD, np.uint8), np.zeros((height, width), np.uint8)
    levels[-81:, -141:] = 253
    params = ObstacleParams(level=250, smallest=0.005, images=1)
    (obstacle,) = ObstacleTracker().update(labels, levels, [ROAD], params)
    assert (obstacle.left + obstacle.width, obstacle.top + obstacle.height) == (width, height)


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        ({'level': 256}, 'obstacles.level'),
        ({'smallest': 1.5}, 'obstacles.smallest'),
        ({'images': 0}, 'obstacles.images'),
    ],
)
def test_a_number_out_of_range_is_refused(change: dict, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        ObstacleParams(**change)
