# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Unknown objects on the road, followed from image to image: what is seen once may be a speck."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.obstacles.drivable import drivable_region
from uncd_ros.obstacles.params import ObstacleParams

FORGET_AFTER = 3
"""Images in a row without an object after which it is forgotten, and new if it comes back."""
SAME = 0.2
"""Overlap of the boxes from which on what two images in a row show is one thing: a whole road that has turned odd is
not the ball that lay on it."""
LARGEST = 0.5
"""Share of the drivable region that one thing may cover; where more of it is odd, the road itself is."""
WORKING_WIDTH = 320
"""Pixels, at most, of the maps that are searched: larger ones are thinned out, for their scores are no finer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """An anomalous thing in one image."""

    number: int
    """The same in every image that shows it; from 1, in the order of appearance."""
    left: int
    top: int
    width: int
    height: int
    """Pixels of the image."""
    area: float
    """Share of the image's pixels."""
    level: float
    """Mean anomaly level of its pixels, at most 255."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height."""
        return self.left, self.top, self.width, self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """One thing over the images so far."""

    latest: Obstacle
    """Where it was seen last; its number is 0 before it has been seen often enough."""
    seen: int
    """Images in a row that showed it."""
    missed: int = 0
    """Images in a row that did not, since."""


class ObstacleTracker:
    """The obstacles of one camera."""

    def __init__(self) -> None:
        self.count = 0
        """Obstacles that have appeared so far."""
        self._tracks: list[_Track] = []

    def reset(self) -> None:
        """Forget what was seen: nobody looked at the images since. The count stays."""
        self._tracks = []

    def update(
        self,
        labels: NDArray[np.uint8],
        levels: NDArray[np.uint8],
        drivable: Sequence[int],
        params: ObstacleParams,
        *,
        may_appear: bool = True,
    ) -> tuple[Obstacle, ...]:
        """The obstacles in the next image: (H, W) class ids and anomaly levels, and the ids of what is drivable.

        Unless `may_appear`, those that have appeared before are followed, and no more appear.
        """
        found = [
            each for each in anomalous_regions(labels, levels, drivable, params.level) if each.area >= params.smallest
        ]
        tracks = []
        for track in self._tracks:
            again = max(found, key=lambda each: _overlap(track.latest, each), default=None)
            if again is not None and _overlap(track.latest, again) >= SAME:
                found.remove(again)
                tracks.append(self._followed(track, again, params, may_appear=may_appear))
            elif track.latest.number and track.missed + 1 < FORGET_AFTER:
                tracks.append(replace(track, missed=track.missed + 1))
        tracks += [self._followed(None, each, params, may_appear=may_appear) for each in found]
        self._tracks = tracks
        return tuple(each.latest for each in tracks if each.latest.number and not each.missed)

    def _followed(self, track: _Track | None, again: Obstacle, params: ObstacleParams, *, may_appear: bool) -> _Track:
        seen = 1 + (track.seen if track else 0)
        number = track.latest.number if track else 0
        if not number and may_appear and seen >= params.images:
            self.count += 1
            number = self.count
        return _Track(latest=replace(again, number=number), seen=seen)


def anomalous_regions(
    labels: NDArray[np.uint8], levels: NDArray[np.uint8], drivable: Sequence[int], level: int
) -> Iterator[Obstacle]:
    """Connected pixels of at least this level in the drivable region, the largest first; they have no number yet.

    What covers most of the region is none.
    """
    step = -(-labels.shape[1] // WORKING_WIDTH)
    small = np.ascontiguousarray(levels[::step, ::step])
    region = drivable_region(np.ascontiguousarray(labels[::step, ::step]), drivable)
    anomalous = ((small >= level) & region).astype(np.uint8)
    count, numbers, statistics, _ = cv2.connectedComponentsWithStats(anomalous)
    largest = LARGEST * np.count_nonzero(region)
    for number in 1 + np.argsort(-statistics[1:count, cv2.CC_STAT_AREA], kind='stable'):
        left, top, width, height, area = (int(each) for each in statistics[number])
        if area > largest:
            continue
        box = (slice(top, top + height), slice(left, left + width))
        yield Obstacle(
            number=0,
            left=left * step,
            top=top * step,
            width=min(width * step, labels.shape[1] - left * step),
            height=min(height * step, labels.shape[0] - top * step),
            area=area / small.size,
            level=float(small[box][numbers[box] == number].mean()),
        )


def _overlap(before: Obstacle, now: Obstacle) -> float:
    """Intersection over union of two boxes, the earlier one half as large again: the camera has moved on."""
    left, top = before.left - before.width / 4, before.top - before.height / 4
    width = min(left + 1.5 * before.width, now.left + now.width) - max(left, now.left)
    height = min(top + 1.5 * before.height, now.top + now.height) - max(top, now.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (2.25 * before.width * before.height + now.width * now.height - shared)
