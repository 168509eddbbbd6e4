# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DeepLabv3+ (Chen et al. 2018): the trunk every network shares, and the heads that sit on it."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from uncd_ros.network.encoders import ConvBnAct, Encoder

LOW_CHANNELS = 48
ASPP_RATES = (6, 12, 18)
HEADS = ('dense', 'separable')


class Aspp(nn.Module):
    """Atrous spatial pyramid pooling with separable atrous convolutions, for output stride 16."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [ConvBnAct(inputs, channels, 1)] + [separable(inputs, channels, dilation=rate) for rate in ASPP_RATES]
        )
        # No batch norm behind the pooled branch: one pixel an image gives it no statistics at batch 1.
        self.pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(inputs, channels, 1), nn.ReLU6(inplace=True))
        self.project = ConvBnAct(channels * 5, channels, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, channels, h, w)."""
        pooled = self.pooled(x).expand(-1, -1, *x.shape[-2:])
        joined = torch.cat([branch(x) for branch in self.branches] + [pooled], dim=1)
        return cast(Tensor, self.dropout(self.project(joined)))


class Trunk(nn.Module):
    """Encoder, ASPP and the fusion with fine features; gives (B, channels, h/4, w/4)."""

    def __init__(self, encoder: str, width: float, decoder_channels: int) -> None:
        super().__init__()
        self.encoder = Encoder(encoder, width)
        self.aspp = Aspp(self.encoder.high_channels, decoder_channels)
        self.low = ConvBnAct(self.encoder.low_channels, LOW_CHANNELS, 1)
        self.channels = decoder_channels + LOW_CHANNELS

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, h, w) normalised -> (B, channels, h/4, w/4)."""
        return self.decode(*self.encoder(x))

    def decode(self, low: Tensor, high: Tensor) -> Tensor:
        """(B, low, h/4, w/4) and (B, high, h/16, w/16) of the encoder -> (B, channels, h/4, w/4)."""
        coarse = functional.interpolate(self.aspp(high), low.shape[-2:], mode='bilinear', align_corners=False)
        return torch.cat([coarse, self.low(low)], dim=1)


def separable(inputs: int, outputs: int, *, dilation: int = 1) -> nn.Sequential:
    """3x3 depthwise then 1x1 pointwise: a ninth of the dense convolution's work."""
    return nn.Sequential(
        ConvBnAct(inputs, inputs, 3, dilation=dilation, groups=inputs),
        ConvBnAct(inputs, outputs, 1),
    )


def make_head(kind: str, inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU, then 1x1 convolution (Holder and Shafique, section 3).

    `kind` is 'dense' (the paper's 3x3 convolution) or 'separable' (for robots without a GPU).
    """
    conv = ConvBnAct(inputs, hidden, 3) if kind == 'dense' else separable(inputs, hidden)
    return nn.Sequential(conv, nn.Conv2d(hidden, outputs, 1))
