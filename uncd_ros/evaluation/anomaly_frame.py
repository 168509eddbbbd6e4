# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One frame with unknown objects before all evaluated models: which pixels are anomalous, and every score of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import EvaluatedModel, as_batch
from uncd_ros.network.student import StudentOutput
from uncd_ros.obstacles.drivable import drivable_region
from uncd_ros.scores.anomaly import anomaly_scores

WHOLE, DRIVABLE = 'whole', 'drivable'
"""Regions: all that the masks do not ignore, and what of it lies in the drivable region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyFrame:
    """What one frame tells of each model and score, at the size of its mask."""

    anomalous: Tensor
    """(H, W) bool."""
    regions: dict[str, Tensor]
    """Region -> (H, W) bool, the same for all models."""
    scores: dict[tuple[str, str], Tensor]
    """Evaluated model and score -> (H, W) float."""


def score_frame(frame: LabelledFrame, models: Sequence[EvaluatedModel], drivable: Sequence[int]) -> AnomalyFrame:
    """Labels of the frame are 0 normal, 1 anomalous, 255 ignore; `drivable` are class ids of the first model."""
    labels, image = torch.from_numpy(frame.labels), as_batch(frame.image)
    outputs = [model.network(image) for model in models]
    scores = {
        (model.name, name): _at_size(values, labels.shape, 'bilinear')
        for model, output in zip(models, outputs, strict=True)
        for name, values in anomaly_scores(output, model.known, model.anomaly).items()
    }
    valid = labels != IGNORE_INDEX
    regions = {WHOLE: valid, DRIVABLE: valid & _region(outputs[0], drivable, labels.shape)}
    return AnomalyFrame(anomalous=labels == 1, regions=regions, scores=scores)


def _region(output: StudentOutput, drivable: Sequence[int], size: torch.Size) -> Tensor:
    region = drivable_region(output.labels()[0].byte().cpu().numpy(), drivable)
    return _at_size(torch.from_numpy(region)[None], size, 'nearest-exact') > 0


def _at_size(values: Tensor, size: torch.Size, mode: str) -> Tensor:
    """(1, h, w) -> (H, W) on the CPU: scores are computed at the network's size and then enlarged, as on the robot."""
    align = False if mode == 'bilinear' else None
    return functional.interpolate(values[None].float(), size, mode=mode, align_corners=align)[0, 0].cpu()
