# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every network has below its heads: an encoder, and a decoder that joins its features."""

from typing import NamedTuple

from torch import Tensor, nn

from uncd_ros.network.encoders import Features


class TrunkShape(NamedTuple):
    """What a trunk is built by; `StudentConfig` has the meanings."""

    encoder: str
    width: float
    decoder_channels: int
    num_classes: int


class Maps(NamedTuple):
    """What a trunk gives."""

    fine: Tensor
    """(B, channels, h/s, w/s) float for the heads, of the size of the encoder's finest features."""
    deepest: Tensor
    """(B, D, h/S, w/S) float, the coarsest features of the encoder, for `MahalanobisFeatures`."""
    auxiliary: Tensor | None = None
    """(B, C, h, w) float; in training, logits of the first of two nets in a row; None where there is but one."""


class Trunk(nn.Module):
    """Encoder and decoder; a subclass is a decoder."""

    channels: int
    """Of the maps for the heads."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor) -> Maps:
        """(B, 3, h, w) normalised -> its maps."""
        features: Features = self.encoder(x)
        return Maps(fine=self.decode(features), deepest=features[-1])

    def decode(self, features: Features) -> Tensor:
        """Features of the encoder -> (B, channels, h/s, w/s)."""
        raise NotImplementedError
