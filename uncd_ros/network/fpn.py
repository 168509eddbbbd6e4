# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A feature pyramid (Lin et al. 2017): the encoder's features at strides 32 to 4, from the top down."""

from typing import cast

from torch import Tensor, nn

from uncd_ros.network.encoders import Encoder, Features
from uncd_ros.network.layers import ConvBnAct, image_context, separable, upsample_to
from uncd_ros.network.trunk import Trunk, TrunkShape


class Fpn(Trunk):
    """Upsample, add a 1x1 projection of the next finer features, smooth by a separable 3x3; and so on to stride 4.

    The encoder keeps its output stride of 32, at which it was trained on ImageNet: two fifths less work than
    DeepLabv3+'s 16, and no dilated convolutions.
    """

    def __init__(self, shape: TrunkShape) -> None:
        encoder, channels = Encoder(shape.encoder, shape.width, output_stride=32), shape.decoder_channels
        super().__init__(encoder)
        *finer, top = encoder.channels
        self.top = ConvBnAct(top, channels, 1)
        self.context = image_context(top, channels)
        self.dropout = nn.Dropout(0.1)
        self.lateral = nn.ModuleList(ConvBnAct(inputs, channels, 1, act=nn.Identity) for inputs in finer)
        # The heads begin with a 3x3 convolution: the finest level needs none of its own.
        self.smooth = nn.ModuleList(separable(channels, channels) for _ in finer[1:])
        self.channels = channels

    def decode(self, features: Features) -> Tensor:
        """Features of the encoder -> (B, channels, h/4, w/4)."""
        *finer, top = features
        x = cast(Tensor, self.dropout(self.top(top) + self.context(top)))
        for level in reversed(range(len(finer))):
            x = upsample_to(x, finer[level]) + self.lateral[level](finer[level])
            if level > 0:
                x = self.smooth[level - 1](x)
        return x
