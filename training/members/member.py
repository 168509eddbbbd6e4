# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A member of the ensemble: the student's trunk with one ordinary head, and the weights it starts from."""

import torch
from torch import Tensor, nn

from training.members.pretrained import load_pretrained
from training.run.settings import Settings
from uncd_ros.network.heads import make_head
from uncd_ros.network.student import Normalise, StudentConfig, make_trunk, upsample


class Member(nn.Module):
    """The student's trunk with one ordinary prediction head."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config)
        self.trunk = make_trunk(config)
        self.head = make_head(config.head, self.trunk.channels, config.decoder_channels, config.num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, h, w) normalised -> logits (B, C, h, w)."""
        return upsample(self.head(self.trunk(x).fine), x.shape[-2:])


def initial_member(settings: Settings) -> Member:
    """The weights every member starts from."""
    torch.manual_seed(settings.init_seed)
    member = Member(settings.student)
    if settings.pretrained:
        load_pretrained(member.trunk.encoder, settings.student)
    return member
