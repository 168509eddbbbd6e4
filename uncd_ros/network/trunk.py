# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every network has below its heads: an encoder, and a decoder that joins its features."""

from typing import NamedTuple

from torch import Tensor, nn

from uncd_ros.network.encoders import Encoder, Features


class Maps(NamedTuple):
    """What a trunk gives."""

    fine: Tensor
    """(B, channels, h/4, w/4) float, for the heads."""
    deepest: Tensor
    """(B, encoder.high_channels, h/16, w/16) float, for `MahalanobisFeatures`."""


class Trunk(nn.Module):
    """Encoder and decoder; a subclass is a decoder."""

    channels: int
    """Of the maps for the heads."""

    def __init__(self, encoder: str, width: float) -> None:
        super().__init__()
        self.encoder = Encoder(encoder, width)

    def forward(self, x: Tensor) -> Maps:
        """(B, 3, h, w) normalised -> its maps."""
        features = self.encoder(x)
        return Maps(fine=self.decode(features), deepest=features.high)

    def decode(self, features: Features) -> Tensor:
        """Features of the encoder -> (B, channels, h/4, w/4)."""
        raise NotImplementedError
