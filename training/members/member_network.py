# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A single net with the output of a student, so that the same metrics evaluate both."""

import torch
from torch import Tensor

from training.members.member import Member, MemberOutput
from uncd_ros.evaluation.pixel_metrics import Network
from uncd_ros.network.student import StudentOutput


def member_network(member: Member, temperature: float = 1.0) -> Network:
    """A single net: its logits divided by T, and a std of 0, since one net has no spread."""
    device = next(member.parameters()).device

    def network(images: Tensor) -> StudentOutput:
        output: MemberOutput = member(member.normalise(member.normalise.resize(images.to(device))))
        logits = output.logits / temperature
        return StudentOutput(logits=logits, std=torch.zeros((), device=device).expand_as(logits))

    return network
