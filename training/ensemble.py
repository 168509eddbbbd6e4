# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Members of an ensemble: the student's trunk with one ordinary head, trained on labels alone."""

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from fitting import fit
from objectives import cross_entropy
from pretrained import load_pretrained
from segdata import SegData
from settings import FitSettings, Settings
from uncd_ros.deeplab import Trunk, make_head
from uncd_ros.student import Normalise, StudentConfig, upsample


class Member(nn.Module):
    """DeepLabv3+ with one ordinary prediction head."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config)
        self.trunk = Trunk(config.encoder, config.width, config.decoder_channels)
        self.head = make_head(config.head, self.trunk.channels, config.decoder_channels, config.num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, h, w) normalised -> logits (B, C, h, w)."""
        return upsample(self.head(self.trunk(x)), x.shape[-2:])


def train_members(fabric: Fabric, data: SegData, settings: Settings) -> list[Member]:
    """All members, one after another; those already trained are loaded."""
    return [_train(fabric, f'member{index:02d}', data, settings, plan) for index, plan in enumerate(settings.members)]


def initial_member(settings: Settings) -> Member:
    """The weights every member starts from."""
    torch.manual_seed(settings.init_seed)
    member = Member(settings.student)
    if settings.pretrained:
        load_pretrained(member.trunk.encoder, settings.student)
    return member


def _train(fabric: Fabric, name: str, data: SegData, settings: Settings, plan: FitSettings) -> Member:
    weights = class_weights(data, settings.balance).to(fabric.device)

    def loss(member: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(member(member.normalise(images)), labels, weights)

    member: Member = fit(fabric, name, initial_member(settings), loss, data, settings, plan)
    return member


def class_weights(data: SegData, power: float) -> Tensor:
    """(C,) frequency^-power, scaled to a mean of 1 over pixels; a class that is not there counts as one pixel."""
    counts = torch.bincount(data.labels.flatten(), minlength=256)[: len(data.classes)].clamp(min=1).double()
    frequency = counts / counts.sum()
    weights = frequency**-power
    return (weights / (weights * frequency).sum()).float()
