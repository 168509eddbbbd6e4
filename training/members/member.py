# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A member of the ensemble: the student's trunk with one ordinary head, and the weights it starts from."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.members.pretrained import load_pretrained
from training.run.settings import Settings
from uncd_ros.network.heads import make_head
from uncd_ros.network.student import Normalise, StudentConfig, make_trunk, upsample
from uncd_ros.network.trunk import Maps


class MemberOutput(NamedTuple):
    """What one pass gives."""

    logits: Tensor
    """(B, C, h, w) float."""
    auxiliary: Tensor | None = None
    """(B, C, h, w) float; in training, logits of the first of two nets in a row; None where there is but one."""


class Member(nn.Module):
    """The student's trunk with one ordinary prediction head."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config)
        self.trunk = make_trunk(config)
        self.head = make_head(config.head, self.trunk.channels, config.decoder_channels, config.num_classes)

    def forward(self, x: Tensor) -> MemberOutput:
        """(B, 3, h, w) normalised -> logits at the input's size."""
        maps: Maps = self.trunk(x)
        return MemberOutput(logits=upsample(self.head(maps.fine), x.shape[-2:]), auxiliary=maps.auxiliary)


def initial_member(settings: Settings) -> Member:
    """The weights every member starts from."""
    torch.manual_seed(settings.init_seed)
    member = Member(settings.student)
    if settings.pretrained:
        load_pretrained(member.trunk.encoder, settings.student)
    return member
