# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pass over labelled frames: segmentation, calibration, error detection, and every image score."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from segdata import SegData
from uncd_ros.evaluation.metrics import CalibrationError, ConfusionMatrix
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.palette import ABSTAINED as VOID
from uncd_ros.scores import IMAGE_SCORES, image_score, pixel_uncertainty
from uncd_ros.student import Student, StudentOutput


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """How good a network is on one set of frames."""

    miou: float
    iou: list[float]
    """A class; NaN for a class that is not there."""
    ece: float
    error_auroc: dict[str, float]
    """Pixel uncertainty -> AUROC of finding wrong pixels by it."""


Network = Callable[[Tensor], StudentOutput]
"""(B, 3, h, w) in [0, 255] at the network's size -> its output."""


@torch.no_grad()
def assess(network: Network, data: SegData, uncertainties: tuple[str, ...]) -> Assessment:
    """Stream `data` through `network` at full size, one image at a time."""
    confusion, calibration = ConfusionMatrix(len(data.classes)), CalibrationError()
    errors = {name: Ranking() for name in uncertainties}
    for image, labels in zip(data.images, data.labels, strict=True):
        output = network(image[None])
        confidence, predicted = torch.softmax(output.logits, dim=1).max(dim=1)
        valid = labels != VOID
        right = (predicted[0].cpu() == labels)[valid]
        confusion.update(predicted[0].cpu(), labels)
        calibration.update(confidence[0].cpu()[valid], right)
        for name, auroc in errors.items():
            auroc.update(pixel_uncertainty(name, output)[0].cpu()[valid], ~right)
    return Assessment(
        miou=confusion.miou(),
        iou=confusion.iou(),
        ece=calibration.ece(),
        error_auroc={name: auroc.auroc() for name, auroc in errors.items()},
    )


def student_network(student: Student) -> Network:
    """The student as the assessment asks it: resized and normalised as on the robot."""
    device = next(student.parameters()).device

    def network(images: Tensor) -> StudentOutput:
        output: StudentOutput = student(student.preprocess(images.to(device).permute(0, 2, 3, 1)))
        return output

    return network


@torch.no_grad()
def image_scores(
    student: Student, data: SegData, uncertainty: str, shift: Callable[[Tensor], Tensor] | None = None
) -> dict[str, list[float]]:
    """Every image score of every frame, in order; frames pass through `shift` first if one is given."""
    network = student_network(student)
    scores: dict[str, list[float]] = {name: [] for name in IMAGE_SCORES}
    torch.manual_seed(0)
    for image in data.images:
        shifted = image[None] if shift is None else shift(image[None].float()).byte()
        output = network(shifted)
        maps = pixel_uncertainty(uncertainty, output)
        for name, values in scores.items():
            values.append(float(image_score(name, output, maps)))
    return scores
