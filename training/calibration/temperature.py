# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temperature scaling (Guo et al. 2017): the single number that makes a network's confidence honest."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import nn

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.metrics import CalibrationError
from uncd_ros.evaluation.pixel_metrics import Network, to_size
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.model.card import Temperature
from uncd_ros.network.student import Student

GRID = torch.logspace(-0.6, 0.8, 71)
"""Candidates from 0.25 to 6.3, 4.7 % apart."""
STRIDE = 7
"""Every so many valid pixels: neighbours say the same."""


@torch.inference_mode()
def fit_temperature(network: Network, frames: Iterable[LabelledFrame]) -> Temperature:
    """The T of GRID whose softmax(logits / T) gives the labels the highest likelihood; frames are streamed."""
    loss = torch.zeros(len(GRID), dtype=torch.float64)
    before, after = CalibrationError(), [CalibrationError() for _ in GRID]
    for frame in frames:
        labels = torch.from_numpy(frame.labels)
        logits = to_size(network(as_batch(frame.image)), *labels.shape).logits[0].cpu()
        valid = labels != IGNORE_INDEX
        chosen, truth = logits[:, valid][:, ::STRIDE], labels[valid][::STRIDE].long()
        right = chosen.argmax(dim=0) == truth
        before.update(chosen.softmax(dim=0).amax(dim=0), right)
        for index, temperature in enumerate(GRID.tolist()):
            log_p = (chosen / temperature).log_softmax(dim=0)
            loss[index] -= log_p.gather(0, truth[None]).double().sum()
            after[index].update(log_p.amax(dim=0).exp(), right)
    best = int(loss.argmin())
    return Temperature(value=float(GRID[best]), ece_before=before.ece(), ece_after=after[best].ece())


@torch.no_grad()
def fold_temperature(student: Student, temperature: float) -> None:
    """Divide the weights that make the logits by T: the upsampling behind them is linear, so logits are divided."""
    last = cast(nn.Conv2d, student.prediction_head[-1])
    for parameter in last.parameters():
        parameter.div_(temperature)
