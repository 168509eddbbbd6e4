# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pass over labelled frames in memory: what training and calibration need to know of a network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from training.data.segdata import SegData
from uncd_ros.evaluation.pixel_metrics import ErrorMetrics, ImageScores, Network
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.network.student import Student
from uncd_ros.scores.confidence import ConfidenceCurve
from uncd_ros.scores.image import IMAGE_SCORES


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """How good a network is on one set of frames."""

    miou: float
    iou: list[float]
    """A class; NaN for a class that is not there."""
    ece: float
    error_auroc: dict[str, float]
    """Pixel uncertainty -> AUROC of finding wrong pixels by it."""
    error_aurc: dict[str, float]
    """Pixel uncertainty -> area under the risk-coverage curve; lower is better."""
    confidence_ece: float = float('nan')
    """Expected calibration error of the served confidence, where one was judged."""


def labelled_frames(data: SegData) -> Iterator[LabelledFrame]:
    """Frames in memory, one after another, as those that are read from files."""
    for image, labels, name, sequence in zip(data.images, data.labels, data.names, data.sequences, strict=True):
        yield LabelledFrame(image=image.permute(1, 2, 0).numpy(), labels=labels.numpy(), name=name, sequence=sequence)


@torch.no_grad()
def assess(
    network: Network, data: SegData, uncertainties: tuple[str, ...], curve: ConfidenceCurve | None = None
) -> Assessment:
    """Stream `data` through `network` at full size, one image at a time.

    `curve` belongs to the first of the uncertainties.
    """
    judge = ErrorMetrics(len(data.classes), uncertainties, curve)
    for image, labels in zip(data.images, data.labels, strict=True):
        judge.update(network(image[None]), labels)
    return Assessment(
        miou=judge.confusion.miou(),
        iou=judge.confusion.iou(),
        ece=judge.calibration.ece(),
        error_auroc={name: ranking.auroc() for name, ranking in judge.errors.items()},
        error_aurc={name: ranking.aurc() for name, ranking in judge.errors.items()},
        confidence_ece=judge.served_confidence.ece(),
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
