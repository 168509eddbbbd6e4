# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pass over labelled frames: the figures that training and calibration need about a network."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.calibration.unseen import Unseen, outputs
from training.data.labelled_frames import LabelledFrames
from uncd_ros.evaluation.pixel_metrics import ErrorMetrics, ImageScores
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.network.student import Student
from uncd_ros.scores.confidence import ConfidenceCurve
from uncd_ros.scores.image import IMAGE_SCORES


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """How good a network is on one set of frames."""

    miou: float
    iou: list[float]
    """Per class; NaN for a class that does not occur."""
    ece: float
    error_auroc: dict[str, float]
    """Pixel uncertainty -> AUROC of finding wrong pixels by it."""
    error_aurc: dict[str, float]
    """Pixel uncertainty -> area under the risk-coverage curve; lower is better."""
    confidence_ece: float = float('nan')
    """Expected calibration error of the served confidence; NaN where none was evaluated."""


def images(data: LabelledFrames) -> Iterator[NDArray[np.uint8]]:
    """(H, W, 3) RGB images, one after another."""
    return (frame.image for frame in data)


@torch.no_grad()
def assess(unseen: Unseen, uncertainties: tuple[str, ...], curve: ConfidenceCurve | None = None) -> Assessment:
    """Stream each network's frames through it at full size, one image at a time.

    `curve` belongs to the first of the uncertainties.
    """
    metrics = ErrorMetrics(len(unseen[0][1].classes), uncertainties, curve)
    for output, frame in outputs(unseen):
        metrics.update(output, torch.from_numpy(frame.labels))
    return Assessment(
        miou=metrics.confusion.miou(),
        iou=metrics.confusion.iou(),
        ece=metrics.calibration.ece(),
        error_auroc={name: ranking.auroc() for name, ranking in metrics.errors.items()},
        error_aurc={name: ranking.aurc() for name, ranking in metrics.errors.items()},
        confidence_ece=metrics.served_confidence.ece(),
    )


@torch.no_grad()
def image_scores(
    student: Student,
    images: Iterable[NDArray[np.uint8]],
    uncertainty: str,
    shift: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, list[float]]:
    """Every image score of each (H, W, 3) uint8 RGB image, in order; images pass through `shift` first if given.

    Images stream, and may differ in size: the student resizes them itself, as on the robot.
    """
    network, scores = student_network(student), ImageScores(uncertainty, IMAGE_SCORES)
    torch.manual_seed(0)
    for image in images:
        batch = as_batch(image)
        scores.update(network(batch if shift is None else shift(batch.float()).byte()))
    return scores.values
