# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ensemble as a teacher: mean and spread of its members, gathered one member at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class TeacherStats:
    """What the members say about one batch."""

    mean: Tensor
    """M = mean_j p_j, (B, C, h, w) in [0, 1], sums to 1 over C."""
    std: Tensor
    """S = sqrt(mean_j (p_j - M)^2), (B, C, h, w) in [0, 0.5]; population std at temperature 1."""
    soft: Tensor
    """Mean over members of softmax(logits / T), the target of the KL term; equals `mean` at T = 1."""


@torch.no_grad()
def gather(logits_of_members: Iterable[Tensor], temperature: float = 1.0) -> TeacherStats:
    """Welford's running mean and variance over members' (B, C, h, w) logits; memory does not grow with them."""
    count = 0
    mean = square = soft = torch.zeros(())
    for logits in logits_of_members:
        count += 1
        p = torch.softmax(logits, dim=1)
        delta = p - mean
        mean = mean + delta / count
        square = square + delta * (p - mean)
        softened = p if temperature == 1.0 else torch.softmax(logits / temperature, dim=1)
        soft = soft + (softened - soft) / count
    return TeacherStats(mean=mean, std=(square / count).clamp(min=0.0).sqrt(), soft=soft)


class Teacher:
    """Members of an ensemble, ready to be asked."""

    def __init__(self, members: Sequence[nn.Module], temperature: float = 1.0) -> None:
        self.members = [member.eval() for member in members]
        self.temperature = temperature

    @torch.no_grad()
    def __call__(self, x: Tensor) -> TeacherStats:
        """(B, 3, h, w) normalised -> their statistics."""
        return gather((member(x) for member in self.members), self.temperature)
