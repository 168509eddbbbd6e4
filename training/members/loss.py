# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a member is trained to: the labels."""

from torch import Tensor
from torch.nn import functional

from uncd_ros.classes import IGNORE_INDEX


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over valid pixels; (B, C, h, w), (B, h, w) int64 with 255 ignored, and (C,) weights of the classes."""
    # A batch without one valid pixel has nothing to teach: 0, not 0 / 0.
    total = functional.cross_entropy(logits, labels, weights, ignore_index=IGNORE_INDEX, reduction='sum')
    return total / (labels != IGNORE_INDEX).sum().clamp(min=1)
