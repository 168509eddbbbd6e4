# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""U-Net (Ronneberger et al. 2015) for thin structures, and two in a row: Galdran et al. 2022's Little U-Net and W-Net.

They work at the size of the input; three levels of 8, 16 and 32 channels are enough for the vessels of a retina.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from uncd_ros.network.encoders import Features, scaled
from uncd_ros.network.layers import ConvBnAct, upsample_to
from uncd_ros.network.trunk import Maps, Trunk, TrunkShape

PATHS = {'little_unet': (8, 16, 32)}
"""Contracting paths: name -> channels at strides 1, 2 and 4."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, and a 1x1 projection of the input added to them."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            ConvBnAct(inputs, channels, 3, act=nn.ReLU), ConvBnAct(channels, channels, 3, act=nn.ReLU)
        )
        self.shortcut = ConvBnAct(inputs, channels, 1, act=nn.Identity)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, channels, h, w)."""
        y: Tensor = self.convs(x) + self.shortcut(x)
        return y


class ContractingPath(nn.Module):
    """Features at strides 1, 2 and 4; sizes are rounded down."""

    def __init__(self, name: str, width: float, inputs: int) -> None:
        super().__init__()
        self.channels = low, middle, high = tuple(scaled(level, width) for level in PATHS[name])
        self.low = ResidualBlock(inputs, low)
        self.middle = ResidualBlock(low, middle)
        self.high = ResidualBlock(middle, high)

    def forward(self, x: Tensor) -> Features:
        """(B, inputs, h, w) -> (B, low, h, w), (B, middle, h/2, w/2), (B, high, h/4, w/4)."""
        low = self.low(x)
        middle = self.middle(functional.max_pool2d(low, 2))
        return low, middle, self.high(functional.max_pool2d(middle, 2))


class UNet(Trunk):
    """Contracting path, and an expanding one that joins the features of each level."""

    def __init__(self, shape: TrunkShape, inputs: int = 3) -> None:
        path = ContractingPath(shape.encoder, shape.width, inputs)
        super().__init__(path)
        low, middle, high = path.channels
        self.middle = ResidualBlock(high + middle, middle)
        self.low = ResidualBlock(middle + low, low)
        self.channels = low

    def decode(self, features: Features) -> Tensor:
        """Features of the contracting path -> (B, channels, h, w)."""
        low, middle, high = features
        half = self.middle(torch.cat([upsample_to(high, middle), middle], dim=1))
        whole: Tensor = self.low(torch.cat([upsample_to(half, low), low], dim=1))
        return whole


class WNet(UNet):
    """Two U-Nets in a row: the second sees the image and what the first predicts."""

    def __init__(self, shape: TrunkShape) -> None:
        super().__init__(shape, inputs=3 + shape.num_classes)
        self.first = UNet(shape)
        self.first_head = nn.Conv2d(self.first.channels, shape.num_classes, 1)

    def forward(self, x: Tensor) -> Maps:
        """(B, 3, h, w) normalised -> maps of the second net; in training, logits of the first, too."""
        logits: Tensor = self.first_head(self.first(x).fine)
        maps = super().forward(torch.cat([x, torch.softmax(logits, dim=1)], dim=1))
        return maps._replace(auxiliary=logits) if self.training else maps
