# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The probability above which a pixel is foreground, in data of two classes: chosen on the training frames."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.foreground import ForegroundMetrics
from uncd_ros.evaluation.pixel_metrics import to_size
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import EvaluatedModel, as_batch


@torch.inference_mode()
def with_thresholds(models: Sequence[EvaluatedModel], frames: Iterable[LabelledFrame]) -> tuple[EvaluatedModel, ...]:
    """Each model with the threshold of the highest DSC on these frames, of two classes; they stream."""
    metrics = {model.name: ForegroundMetrics() for model in models}
    for frame in frames:
        labels = torch.from_numpy(frame.labels)
        valid = labels != IGNORE_INDEX
        for model in models:
            output = to_size(model.network(as_batch(frame.image)), *labels.shape)
            log_p = torch.log_softmax(output.logits[0].cpu(), dim=0)
            metrics[model.name].add(log_p[:, valid], labels[valid])
    return tuple(replace(model, foreground_above=metrics[model.name].best_threshold()) for model in models)
