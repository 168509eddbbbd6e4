# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SWAG (Maddox et al. 2019): a normal distribution over the weights that one training passes through at its end."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import vector_to_parameters

from training.members.member import Member
from training.run.settings import FitSettings
from uncd_ros.errors import ConfigError
from uncd_ros.network.student import StudentConfig

RANK = 20
"""K: the last epochs whose deviations from the mean make up the low-rank part of the covariance."""
COLLECTED = 0.25
"""Share of the epochs, the last ones, whose weights count."""


class SwagMoments:
    """Mean, variance and last K deviations of vectors that come one after another; memory does not grow with them.

    Welford's recursion: E[w^2] - E[w]^2 of weights that hardly move would be lost in rounding.
    """

    def __init__(self, rank: int = RANK) -> None:
        self.rank, self.count = rank, 0
        self.mean = self.square = torch.zeros(())
        self.deviations: list[Tensor] = []

    def update(self, weights: Tensor) -> None:
        """(P,) weights after one more epoch."""
        self.count += 1
        delta = weights - self.mean
        self.mean = self.mean + delta / self.count
        self.square = self.square + delta * (weights - self.mean)
        self.deviations = [*self.deviations, weights - self.mean][-self.rank :]

    def variance(self) -> Tensor:
        """(P,) population variance."""
        return self.square.clamp(min=0.0) / self.count

    def sample(self, generator: torch.Generator) -> Tensor:
        """(P,) w = mean + sqrt(variance / 2) z1 + D z2 / sqrt(2 (K - 1)), z standard normal, D (P, K) (eq. 1)."""
        diagonal = self.variance().sqrt() * torch.randn(self.mean.shape, generator=generator)
        columns = torch.stack(self.deviations)
        low_rank = torch.randn(len(columns), generator=generator) @ columns
        return self.mean + diagonal / math.sqrt(2.0) + low_rank / math.sqrt(2.0 * (len(columns) - 1))

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {'count': self.count, 'mean': self.mean, 'square': self.square, 'deviations': self.deviations}

    def restore(self, state: dict[str, Any]) -> None:
        """As `state` was."""
        self.count, self.mean, self.square = state['count'], state['mean'].cpu(), state['square'].cpu()
        self.deviations = [deviation.cpu() for deviation in state['deviations']]


class SwagMember(Member):
    """A member that remembers where its weights were; its checkpoints hold that, so a resumed training does, too."""

    def __init__(self, start: Member, config: StudentConfig) -> None:
        super().__init__(config)
        self.load_state_dict(start.state_dict(), strict=False)  # all but the moments, of which there are none yet
        self.moments = SwagMoments()

    def get_extra_state(self) -> dict[str, Any]:
        """Part of `state_dict`."""
        return self.moments.state()

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Part of `load_state_dict`."""
        self.moments.restore(state)

    @torch.no_grad()
    def collect(self) -> None:
        """Take the weights as they are into the moments."""
        # By reshape: torch's parameters_to_vector refuses weights that lie channels last.
        self.moments.update(torch.cat([weights.reshape(-1) for weights in self.parameters()]).float().cpu())


def first_collected(plan: FitSettings) -> int:
    """Number of the first epoch whose weights count. Raises ConfigError where fewer than two would."""
    first = int(plan.epochs * (1.0 - COLLECTED)) + 1
    if plan.epochs - first < 1:
        raise ConfigError(
            f'members.0.epochs is {plan.epochs} with teacher.kind swag, expected 5 or more: SWAG needs the weights of '
            'two epochs or more in the last quarter'
        )
    return first


@torch.no_grad()
def set_weights(member: Member, weights: Tensor) -> None:
    """Copy a (P,) vector into a member's parameters."""
    vector_to_parameters(weights.to(next(member.parameters()).device), member.parameters())
