# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every obstacle of a drive: when it was seen, how large, and the strongest of them as pictures."""

from dataclasses import dataclass, replace
from pathlib import Path

from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.bag_evaluation.sheet_file import sheet_row, write_sheet
from uncd_ros.images.contact_sheet import SheetRow, shrunk
from uncd_ros.model.card import ModelCard

PICTURED = 10
"""Obstacles that get a picture; the strongest."""


@dataclass(slots=True, kw_only=True)
class SeenObstacle:
    """One obstacle over the images that show it."""

    number: int
    start: float
    end: float
    """Seconds from the bag's start; of the first and the last image in which it was reported."""
    images: int
    area: float
    """Largest share of an image that it covers."""
    level: float
    """Highest mean anomaly level of its pixels, at most 255."""
    picture: str
    """File in the report's folder; empty for those that got none."""


class ObstacleLog:
    """Keeps one small picture for each of the strongest, that of the image in which it is largest."""

    def __init__(self, folder: Path, card: ModelCard) -> None:
        self.obstacles: dict[int, SeenObstacle] = {}
        """By number."""
        self._folder, self._card = folder, card
        self._rows: dict[int, SheetRow] = {}

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        for each in result.obstacles or ():
            seen = self.obstacles.setdefault(
                each.number,
                SeenObstacle(
                    number=each.number, start=result.seconds, end=0.0, images=0, area=0.0, level=0.0, picture=''
                ),
            )
            seen.end, seen.images, seen.level = result.seconds, seen.images + 1, max(seen.level, each.level)
            if each.area > seen.area:
                seen.area = each.area
                if each.number in (strongest := self._strongest()):
                    self._rows[each.number] = _row(result)
                    for number in self._rows.keys() - set(strongest):
                        del self._rows[number]

    def close(self) -> None:
        """Draw the strongest."""
        for number in self._strongest():
            name = f'obstacle_{number:04d}.jpg'
            self.obstacles[number].picture = write_sheet([self._rows[number]], self._card, self._folder, name)

    def _strongest(self) -> list[int]:
        """Numbers of the largest, which is what counts on a road."""
        return sorted(self.obstacles, key=lambda number: -self.obstacles[number].area)[:PICTURED]


def _row(result: FrameResult) -> SheetRow:
    boxes = tuple(each.box for each in result.obstacles or ())
    return shrunk(replace(sheet_row(result), boxes=boxes))
