# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Single net and ensemble in the clothes of the student, so that one judge judges them all."""

import torch
from torch import Tensor, nn

from learning.member import Member
from learning.teacher import Teacher
from uncd_ros.evaluation.judge import Network
from uncd_ros.student import StudentOutput


def member_network(member: Member, temperature: float = 1.0) -> Network:
    """A single net: its logits over T, and a std of 0, for it disagrees with nobody."""
    device = _device(member)

    def network(images: Tensor) -> StudentOutput:
        logits: Tensor = member(member.normalise(member.normalise.resize(images.to(device)))) / temperature
        return StudentOutput(logits=logits, std=torch.zeros((), device=device).expand_as(logits))

    return network


def ensemble_network(teacher: Teacher) -> Network:
    """An ensemble: log M as logits, S as std."""
    member = teacher.members[0]
    device = _device(member)

    def network(images: Tensor) -> StudentOutput:
        stats = teacher(member.normalise(member.normalise.resize(images.to(device))))
        return StudentOutput(logits=stats.mean.clamp(min=1e-12).log(), std=stats.std)

    return network


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
