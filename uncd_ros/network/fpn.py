# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A feature pyramid (Lin et al. 2017) on atrous spatial pyramid pooling: coarse features refined at strides 8 and 4."""

from torch import Tensor, nn

from uncd_ros.network.deeplab import Aspp
from uncd_ros.network.encoders import Encoder, Features
from uncd_ros.network.layers import ConvBnAct, separable, upsample_to
from uncd_ros.network.trunk import Trunk, TrunkShape


class Fpn(Trunk):
    """Top-down from ASPP: upsample, add a 1x1 projection of the encoder's features; a separable 3x3 between."""

    def __init__(self, shape: TrunkShape) -> None:
        encoder, channels = Encoder(shape.encoder, shape.width), shape.decoder_channels
        super().__init__(encoder)
        self.aspp = Aspp(encoder.high_channels, channels)
        self.middle = ConvBnAct(encoder.middle_channels, channels, 1, act=nn.Identity)
        self.smooth = separable(channels, channels)
        self.low = ConvBnAct(encoder.low_channels, channels, 1, act=nn.Identity)
        self.channels = channels

    def decode(self, features: Features) -> Tensor:
        """Features of the encoder -> (B, channels, h/4, w/4)."""
        at_8: Tensor = upsample_to(self.aspp(features.high), features.middle) + self.middle(features.middle)
        at_4: Tensor = upsample_to(self.smooth(at_8), features.low) + self.low(features.low)
        return at_4
