# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The maps that an anomaly score is made of, coarser than those that are served."""

from typing import Literal, NamedTuple

from torch import Tensor
from torch.nn import functional

CoarseTerms = Literal['all', 'without_std', 'none']
"""Which coarse maps a pass gives."""


class CoarseMaps(NamedTuple):
    """What an anomaly score is made of, at half the decoder's scale: a thing that is finer is no obstacle.

    It costs a quarter of what it would at the decoder's own, and averages out what belongs to single pixels.
    """

    logits: Tensor
    """(B, C, h, w) float; as those of `StudentOutput`."""
    std: Tensor
    """(B, 1, h, w) float in [0, 1]; mean over the classes of the predicted std; (B, 0, h, w) where it is not needed."""
    distance: Tensor
    """(B, h, w) float, 0 or more; of the decoder's features to the nearest class."""


def halved(maps: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, C, h/2, w/2), means of 2 x 2 pixels."""
    return functional.avg_pool2d(maps, 2)
