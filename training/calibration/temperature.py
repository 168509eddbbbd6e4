# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temperature scaling (Guo et al. 2017), and how a temperature becomes part of the weights."""

import math
from typing import cast

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor, nn

from training.calibration.unseen import Unseen, outputs
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.metrics import CalibrationError
from uncd_ros.evaluation.pixel_metrics import to_size
from uncd_ros.model.card import Temperature
from uncd_ros.network.student import Student

BOUNDS = (0.05, 20.0)
"""Smallest and largest temperature."""
PIXELS = 4096
"""Labelled pixels that each frame contributes at most, evenly spaced: neighbours hardly differ."""


@torch.inference_mode()
def fit_temperature(unseen: Unseen) -> Temperature:
    """T = argmin over BOUNDS of the negative log-likelihood -mean_i log softmax(logits_i / T)[label_i].

    It is convex in 1 / T, so a bounded search over log T finds the minimum; models that were calibrated by an earlier
    version, which took the best of 71 temperatures, may differ from it by 2 %. Frames are streamed, and 4 C PIXELS
    bytes of each are kept.
    """
    logits, labels = _sample(unseen)

    def negative_log_likelihood(log_temperature: float) -> float:
        log_p = (logits / math.exp(log_temperature)).log_softmax(dim=1)
        return -float(log_p.gather(1, labels[:, None]).double().mean())

    bounds = tuple(map(math.log, BOUNDS))
    best = minimize_scalar(negative_log_likelihood, bounds=bounds, method='bounded', options={'xatol': 1e-4})
    temperature = math.exp(best.x)
    return Temperature(value=temperature, ece_before=_ece(logits, labels), ece_after=_ece(logits / temperature, labels))


@torch.no_grad()
def fold_temperature(student: Student, temperature: float) -> None:
    """Divide the weights that make the logits by T: the upsampling behind them is linear, so logits are divided."""
    last = cast(nn.Conv2d, student.prediction_head[-1])
    for parameter in last.parameters():
        parameter.div_(temperature)


def _sample(unseen: Unseen) -> tuple[Tensor, Tensor]:
    """(N, C) logits and (N,) int64 labels of pixels that have a class."""
    logits, labels = [], []
    for output, frame in outputs(unseen):
        ids = torch.from_numpy(frame.labels)
        maps = to_size(output, *ids.shape).logits[0].float().cpu().flatten(1)
        valid = torch.nonzero(ids.flatten() != IGNORE_INDEX)[:, 0]
        chosen = valid[:: max(1, math.ceil(len(valid) / PIXELS))]
        logits.append(maps[:, chosen].T)
        labels.append(ids.flatten()[chosen].long())
    return torch.cat(logits), torch.cat(labels)


def _ece(logits: Tensor, labels: Tensor) -> float:
    error = CalibrationError()
    confidence, predicted = logits.softmax(dim=1).max(dim=1)
    error.update(confidence, predicted == labels)
    return error.ece()
