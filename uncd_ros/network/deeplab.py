# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DeepLabv3+ (Chen et al. 2018): atrous spatial pyramid pooling, joined with fine features."""

from typing import cast

import torch
from torch import Tensor, nn

from uncd_ros.network.encoders import Encoder, Features
from uncd_ros.network.layers import ConvBnAct, image_context, separable, upsample_to
from uncd_ros.network.trunk import Trunk, TrunkShape

LOW_CHANNELS = 48
ASPP_RATES = (6, 12, 18)


class Aspp(nn.Module):
    """Atrous spatial pyramid pooling with separable atrous convolutions, for output stride 16."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [ConvBnAct(inputs, channels, 1)] + [separable(inputs, channels, dilation=rate) for rate in ASPP_RATES]
        )
        self.pooled = image_context(inputs, channels)
        self.project = ConvBnAct(channels * 5, channels, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, channels, h, w)."""
        pooled = self.pooled(x).expand(-1, -1, *x.shape[-2:])
        joined = torch.cat([branch(x) for branch in self.branches] + [pooled], dim=1)
        return cast(Tensor, self.dropout(self.project(joined)))


class DeepLab(Trunk):
    """ASPP, and its fusion with fine features by concatenation."""

    def __init__(self, shape: TrunkShape) -> None:
        encoder, channels = Encoder(shape.encoder, shape.width), shape.decoder_channels
        super().__init__(encoder)
        self.aspp = Aspp(encoder.channels[-1], channels)
        self.low = ConvBnAct(encoder.channels[0], LOW_CHANNELS, 1)
        self.channels = channels + LOW_CHANNELS

    def decode(self, features: Features) -> Tensor:
        """Features of the encoder -> (B, channels, h/4, w/4)."""
        low = features[0]
        coarse = upsample_to(self.aspp(features[-1]), low)
        return torch.cat([coarse, self.low(low)], dim=1)
