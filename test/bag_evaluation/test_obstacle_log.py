# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Obstacles of a drive: each is told once, and the largest have a picture of the image in which they are largest."""

from dataclasses import replace
from pathlib import Path

from support.frame_result_double import result
from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.bag_evaluation.obstacle_log import PICTURED, ObstacleLog
from uncd_ros.model.store import load_card
from uncd_ros.obstacles.tracker import Obstacle


def _frame(seconds: float, **areas: float) -> FrameResult:
    """Obstacles `n1`, `n2`, ... of these areas."""
    obstacles = tuple(
        Obstacle(number=int(name[1:]), left=0, top=0, width=1, height=1, area=area, level=255.0)
        for name, area in areas.items()
    )
    return replace(result(seconds=seconds, is_ood=False, score=0.0), obstacles=obstacles)


def test_an_obstacle_is_told_from_its_first_image_to_its_last(tiny_model: Path, tmp_path: Path) -> None:
    log = ObstacleLog(tmp_path, load_card(tiny_model))
    for frame in (_frame(1.0, n1=0.1), _frame(2.0, n1=0.3, n2=0.2), _frame(3.0), _frame(4.0, n2=0.1)):
        log.update(frame)
    log.close()
    first, second = log.obstacles.values()
    assert (first.start, first.end, first.images, first.area) == (1.0, 2.0, 2, 0.3)
    assert (second.start, second.end, second.images, second.area) == (2.0, 4.0, 2, 0.2)
    assert (tmp_path / 'obstacle_0001.jpg').is_file() and first.picture == f'{tmp_path.name}/obstacle_0001.jpg'


def test_only_the_largest_have_pictures(tiny_model: Path, tmp_path: Path) -> None:
    log = ObstacleLog(tmp_path, load_card(tiny_model))
    for number in range(1, PICTURED + 4):
        log.update(_frame(float(number), **{f'n{number}': number / 100}))
    log.close()
    assert [bool(each.picture) for each in log.obstacles.values()] == [False] * 3 + [True] * PICTURED
    assert len(list(tmp_path.iterdir())) == PICTURED
