# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temperature scaling (Guo et al. 2017): the single number that makes a network's confidence honest."""

from collections.abc import Iterable

import torch

from uncd_ros.evaluation.judge import Network, to_size
from uncd_ros.evaluation.records import LabelledFrame
from uncd_ros.evaluation.trial import as_batch
from uncd_ros.palette import ABSTAINED as VOID

GRID = torch.logspace(-0.6, 0.8, 71)
"""Candidates from 0.25 to 6.3, 4.7 % apart."""
STRIDE = 7
"""Every so many valid pixels: neighbours say the same."""


@torch.inference_mode()
def fit_temperature(network: Network, frames: Iterable[LabelledFrame]) -> float:
    """The T of GRID whose softmax(logits / T) gives the labels the highest likelihood; frames are streamed."""
    loss = torch.zeros(len(GRID), dtype=torch.float64)
    for frame in frames:
        labels = torch.from_numpy(frame.labels)
        logits = to_size(network(as_batch(frame.image)), *labels.shape).logits[0].cpu()
        valid = labels != VOID
        chosen, truth = logits[:, valid][:, ::STRIDE], labels[valid][::STRIDE].long()[None]
        for index, temperature in enumerate(GRID.tolist()):
            loss[index] -= (chosen / temperature).log_softmax(dim=0).gather(0, truth).double().sum()
    return float(GRID[loss.argmin()])
