# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which decoders there are, and the encoders that each of them joins."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from uncd_ros.network.deeplab import DeepLab
from uncd_ros.network.encoders import ENCODERS
from uncd_ros.network.fpn import Fpn
from uncd_ros.network.trunk import Trunk, TrunkShape
from uncd_ros.network.unet import PATHS, UNet, WNet


class Decoder(NamedTuple):
    """A row of the table."""

    trunk: Callable[[TrunkShape], Trunk]
    """Builds it on an encoder."""
    encoders: Iterable[str]
    """Names of those it can be built on."""


DECODERS = {
    'deeplab': Decoder(DeepLab, ENCODERS),
    'fpn': Decoder(Fpn, ENCODERS),
    'unet': Decoder(UNet, PATHS),
    'wnet': Decoder(WNet, PATHS),
}
