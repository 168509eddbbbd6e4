# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pass over labelled frames in memory: what training and calibration need to know of a network."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from segdata import SegData
from uncd_ros.evaluation.judge import ImageScores, Network, PixelJudge
from uncd_ros.evaluation.student import student_network
from uncd_ros.scores import IMAGE_SCORES
from uncd_ros.student import Student


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """How good a network is on one set of frames."""

    miou: float
    iou: list[float]
    """A class; NaN for a class that is not there."""
    ece: float
    error_auroc: dict[str, float]
    """Pixel uncertainty -> AUROC of finding wrong pixels by it."""


@torch.no_grad()
def assess(network: Network, data: SegData, uncertainties: tuple[str, ...]) -> Assessment:
    """Stream `data` through `network` at full size, one image at a time."""
    judge = PixelJudge(len(data.classes), uncertainties, served=uncertainties[0])
    for image, labels in zip(data.images, data.labels, strict=True):
        judge.update(network(image[None]), labels)
    return Assessment(
        miou=judge.confusion.miou(),
        iou=judge.confusion.iou(),
        ece=judge.calibration.ece(),
        error_auroc={name: ranking.auroc() for name, ranking in judge.errors.items()},
    )


@torch.no_grad()
def image_scores(
    student: Student, data: SegData, uncertainty: str, shift: Callable[[Tensor], Tensor] | None = None
) -> dict[str, list[float]]:
    """Every image score of every frame, in order; frames pass through `shift` first if one is given."""
    network, scores = student_network(student), ImageScores(uncertainty, IMAGE_SCORES)
    torch.manual_seed(0)
    for image in data.images:
        scores.update(network(image[None] if shift is None else shift(image[None].float()).byte()))
    return scores.values
