# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a student is trained to: one small class a method."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from teacher import TeacherStats
from uncd_ros.palette import ABSTAINED as VOID
from uncd_ros.student import StudentOutput


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over valid pixels; (B, C, h, w), (B, h, w) int64 with 255 void, and (C,) weights of the classes."""
    # A batch without one valid pixel has nothing to teach: 0, not 0 / 0.
    total = functional.cross_entropy(logits, labels, weights, ignore_index=VOID, reduction='sum')
    return total / (labels != VOID).sum().clamp(min=1)


@dataclass(frozen=True, kw_only=True)
class HolderLoss:
    """L = T^2 KL(M || student) + alpha CE(labels) + beta MSE(student std, S) (Holder and Shafique, eq. 7).

    KL compares the distributions at temperature T; M and S are taken over members, S at temperature 1.
    All three are means over valid pixels; the MSE also over classes.
    """

    temperature: float
    alpha: float
    beta: float

    def __call__(self, output: StudentOutput, stats: TeacherStats, labels: Tensor) -> Tensor:
        """Scalar loss; `stats.soft` must be taken at the same temperature."""
        valid = (labels != VOID)[:, None]
        count = valid.sum().clamp(min=1)
        log_student = torch.log_softmax(output.logits / self.temperature, dim=1)
        kl = functional.kl_div(log_student, stats.soft, reduction='none').mul(valid).sum() / count
        mse = functional.mse_loss(output.std, stats.std, reduction='none').mul(valid).sum() / count
        return (
            self.temperature**2 * kl
            + self.alpha * cross_entropy(output.logits, labels)
            + self.beta * mse / output.std.shape[1]
        )
