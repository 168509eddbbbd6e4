# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ensemble as a teacher: mean and spread of its members, gathered one member at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import torch
from torch import Tensor, nn

from training.members.member import Member


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
def gather(
    logits_of_members: Iterable[Tensor], temperature: float = 1.0, weights: Iterable[Tensor] | None = None
) -> TeacherStats:
    """Welford's running mean and variance over members' (B, C, h, w) logits; memory does not grow with them.

    `weights` holds, a member, (B, 1, 1, 1) of 0 and 1: whether its word counts for each image. The count of members is
    then one an image, and every image needs a member.
    """
    count = mean = square = soft = torch.zeros(())
    for logits, weight in zip(logits_of_members, weights or repeat(torch.ones(())), strict=False):
        count = count + weight
        share = weight / count.clamp(min=1.0)
        p = torch.softmax(logits, dim=1)
        delta = p - mean
        mean = mean + delta * share
        square = square + weight * delta * (p - mean)
        softened = p if temperature == 1.0 else torch.softmax(logits / temperature, dim=1)
        soft = soft + (softened - soft) * share
    return TeacherStats(mean=mean, std=(square / count).clamp(min=0.0).sqrt(), soft=soft)


class Teacher:
    """Members of an ensemble, ready to be asked."""

    def __init__(self, members: Sequence[Member], temperature: float = 1.0) -> None:
        self.members = [member.eval() for member in members]
        self.temperature = temperature

    @torch.no_grad()
    def __call__(self, x: Tensor, may_label: Tensor | None = None) -> TeacherStats:
        """(B, 3, h, w) normalised -> their statistics; `may_label` (F, B) bool says who is asked about which image."""
        if may_label is None:
            return gather((member(x).logits for member in self.members), self.temperature)
        asked = [(member, who) for member, who in zip(self.members, may_label.to(x.device), strict=True) if who.any()]
        answers = (_of_some(member, x, who) for member, who in asked)
        return gather(answers, self.temperature, (who.view(-1, 1, 1, 1).float() for _, who in asked))


def _of_some(member: nn.Module, x: Tensor, who: Tensor) -> Tensor:
    """Logits of all images, 0 for those that the member is not shown."""
    logits: Tensor = member(x[who]).logits
    whole = logits.new_zeros(len(x), *logits.shape[1:])
    whole[who] = logits
    return whole
