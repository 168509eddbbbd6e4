# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What counts as an obstacle: anomalous regions larger than those of frames that have none."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.calibration.anomaly_fit import set_outputs, unseen_outputs
from training.calibration.unseen import CalibrationFold
from training.data.labelled_frames import LabelledFrames
from uncd_ros.network.student import StudentOutput
from uncd_ros.obstacles.tracker import Obstacle, anomalous_regions
from uncd_ros.scores.anomaly import AnomalyScore, enlarged_levels

FALSE_RATE = 0.01
"""Share of the nominal frames that may show an obstacle."""
CANDIDATES = (250, 253, 255)
"""Levels of a pixel that are tried. Below, more than a fiftieth of all nominal pixels are anomalous and form regions of
their own: only what covers a twentieth of the image could be told from them."""
OVERLAP = 0.25
"""Share of an obstacle's box that must be of an unknown thing for the thing to be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseObstacles:
    """Nominal frames of some drives that show an obstacle, by the area that all other drives ask for."""

    drives: tuple[str, ...]
    images: int
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleFit:
    """From where on a region is an obstacle."""

    level: int
    """Anomaly level of its pixels, 0 to 255."""
    smallest: float
    """Area, as a share of the image."""
    false_obstacles: tuple[FalseObstacles, ...]
    """At that level, a row a fold; none where there is one fold alone, which nothing is compared with."""


def fit_obstacles(
    folds: Sequence[CalibrationFold],
    sets: Mapping[str, LabelledFrames],
    score: AnomalyScore,
    drivable: Sequence[int],
) -> ObstacleFit:
    """Level of a pixel and area of a region from which on they are an obstacle.

    For each level, unseen frames tell the area that no more than FALSE_RATE of such frames exceed, by conformal
    prediction. That level is taken with which most frames of the sets show an unknown thing, to whichever student.
    """
    nominal = [_largest_areas(fold, score, drivable) for fold in folds]
    smallest = {level: smallest_of([area for each in nominal for area in each[level]]) for level in CANDIDATES}
    found = dict.fromkeys(CANDIDATES, 0)
    for frames in sets.values():
        for output, frame in set_outputs(folds, frames):
            size = output.logits.shape[:-3:-1]
            unknown = cv2.resize(frame.labels, size, interpolation=cv2.INTER_NEAREST_EXACT) == 1
            for level, regions in _regions(output, score, drivable):
                found[level] += any(each.area >= smallest[level] and shows_unknown(each, unknown) for each in regions)
    best = max(CANDIDATES, key=lambda level: (found[level], level))
    drives = [tuple(sorted(set(fold.unseen.sequences))) for fold in folds]
    return ObstacleFit(
        level=best,
        smallest=smallest[best],
        false_obstacles=false_obstacles(drives, [each[best] for each in nominal]),
    )


def _largest_areas(fold: CalibrationFold, score: AnomalyScore, drivable: Sequence[int]) -> dict[int, list[float]]:
    """By level, of the largest region of each unseen frame."""
    areas: dict[int, list[float]] = {level: [] for level in CANDIDATES}
    for output, _ in unseen_outputs([fold]):
        for level, regions in _regions(output, score, drivable):
            areas[level].append(max((each.area for each in regions), default=0.0))
    return areas


def false_obstacles(drives: Sequence[tuple[str, ...]], areas: Sequence[Sequence[float]]) -> tuple[FalseObstacles, ...]:
    """Each fold by the area that all others ask for; `areas` are of the largest regions of its unseen frames."""
    if len(drives) == 1:
        return ()
    others = [[area for j, each in enumerate(areas) if j != i for area in each] for i in range(len(areas))]
    return tuple(
        FalseObstacles(drives=names, images=len(own), shown=sum(area >= smallest_of(rest) for area in own))
        for names, own, rest in zip(drives, areas, others, strict=True)
    )


def smallest_of(areas: Sequence[float]) -> float:
    """Just above the conformal quantile of the largest areas of nominal frames; of too few, above all of them."""
    place = math.ceil((len(areas) + 1) * (1.0 - FALSE_RATE))
    return min(1.0, math.nextafter(sorted(areas)[min(place, len(areas)) - 1], 1.0))


def shows_unknown(region: Obstacle, unknown: NDArray[np.bool_]) -> bool:
    """Whether enough of its box is unknown; (H, W) of the image in which it was found."""
    left, top, width, height = region.box
    return bool(unknown[top : top + height, left : left + width].mean() >= OVERLAP)


def _regions(
    output: StudentOutput, score: AnomalyScore, drivable: Sequence[int]
) -> Iterator[tuple[int, list[Obstacle]]]:
    """By level."""
    assert output.coarse is not None
    levels = enlarged_levels(score, score.score(output.coarse)[0], output.logits.shape[-2:])
    labels = output.labels()[0].to(torch.uint8).numpy()
    return ((level, list(anomalous_regions(labels, levels, drivable, level))) for level in CANDIDATES)
