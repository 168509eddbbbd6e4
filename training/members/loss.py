# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a member is trained to: the labels, pixel by pixel (cross-entropy) and class by class (Dice)."""

import torch
from torch import Tensor
from torch.nn import functional

from training.members.member import MemberOutput
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.network.student import StudentOutput


def label_loss(
    output: MemberOutput | StudentOutput, labels: Tensor, weights: Tensor | None = None, dice: float = 0.0
) -> Tensor:
    """CE + dice Dice, by `weights` of the classes and weight `dice`; the sum over both nets where there are two."""
    loss = torch.zeros((), device=labels.device)
    for logits in supervised(output):
        loss = loss + cross_entropy(logits, labels, weights)
        if dice:
            loss = loss + dice * dice_loss(logits, labels)
    return loss


def supervised(output: MemberOutput | StudentOutput) -> tuple[Tensor, ...]:
    """All logits that training compares with labels, each (B, C, h, w): of two nets in a row, the first's, too."""
    return (output.logits,) if output.auxiliary is None else (output.logits, output.auxiliary)


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over valid pixels; (B, C, h, w), (B, h, w) int64 with 255 ignored, and (C,) weights of the classes."""
    # A batch without one valid pixel has nothing to teach: 0, not 0 / 0.
    total = functional.cross_entropy(logits, labels, weights, ignore_index=IGNORE_INDEX, reduction='sum')
    return total / (labels != IGNORE_INDEX).sum().clamp(min=1)


def dice_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Soft Dice loss, mean over the classes in the batch; (B, C, h, w), (B, h, w) int64 with 255 ignored.

    1 - 2 sum_i p_i g_i / (sum_i p_i^2 + sum_i g_i^2) over all valid pixels i of the batch, with probability p and
    label g in {0, 1} of one class (Milletari et al. 2016, section 3). In [0, 1]; 0 where no pixel is valid.
    """
    valid = labels != IGNORE_INDEX
    p = torch.softmax(logits, dim=1) * valid[:, None]
    labelled = labels[valid]
    of_label = p.gather(1, labels.where(valid, 0)[:, None])[:, 0][valid]
    counts = torch.bincount(labelled, minlength=logits.shape[1])
    shared = torch.zeros_like(counts, dtype=p.dtype).index_add(0, labelled, of_label)
    overlap = 2.0 * shared / (p.square().sum(dim=(0, 2, 3)) + counts).clamp(min=1.0)
    present = counts > 0
    return ((1.0 - overlap) * present).sum() / present.sum().clamp(min=1)
