# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Uncertainty distillation (Holder and Shafique): the teacher's mean, the labels, and the std of every class."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor
from torch.nn import functional

from training.members.loss import label_loss
from training.teaching.objective import Objective, divergence, labelled_only, taught_pixels
from training.teaching.teacher import TeacherStats
from uncd_ros.network.student import StudentOutput

FLOOR = 1e-3
"""e: stds that differ by less are alike."""


@dataclass(frozen=True, kw_only=True)
class HolderLoss(Objective):
    """L = T^2 KL(M || student) + alpha CE(labels) + beta E(student std s, S) (Holder and Shafique, eq. 7).

    KL compares the distributions at temperature T; M and S are taken over members, S at temperature 1. KL and E are
    means over pixels that are not ignored, labelled or not, CE over labelled ones. E is also a mean over classes c, or
    taken at the class argmax_c M_c that the teacher predicts, and by `scale`

        linear        (s_c - S_c)^2                          the paper's
        log           (ln(s_c + e) - ln(S_c + e))^2          ratios count, e = 0.001
        standardised  (s_c - S_c)^2 / max(sd(S_c), e)^2      classes count equally; sd over the pixels of the batch

    Of a student of two nets in a row the first learns KL and CE as well.
    """

    uncertainties: ClassVar = {
        'mean_std': "the std over the teacher's networks of a class probability, mean over classes, as predicted",
        'predicted_std': "the std over the teacher's networks of the probability of the predicted class, as predicted",
        'entropy': "entropy of the class distribution, which follows the teacher's mean and the labels",
        'msp': "1 - probability of the predicted class, which follows the teacher's mean and the labels",
    }
    temperature: float
    alpha: float
    beta: float
    target: Literal['all_classes', 'predicted_class'] = 'all_classes'
    scale: Literal['linear', 'log', 'standardised'] = 'linear'

    def __call__(self, output: StudentOutput, stats: TeacherStats, labels: Tensor) -> Tensor:
        """As `Objective`."""
        return (
            divergence(output, stats.soft, labels, self.temperature)
            + self.alpha * label_loss(output, labelled_only(labels))
            + self.beta * self._std_error(output.std, stats, taught_pixels(labels))
        )

    def _std_error(self, student: Tensor, stats: TeacherStats, taught: Tensor) -> Tensor:
        teacher, count = stats.std, taught.sum().clamp(min=1)
        if self.target == 'predicted_class':
            predicted = stats.mean.argmax(dim=1, keepdim=True)
            student, teacher = student.gather(1, predicted), teacher.gather(1, predicted)
        if self.scale == 'log':
            student, teacher = (student + FLOOR).log(), (teacher + FLOOR).log()
        error = functional.mse_loss(student, teacher, reduction='none').mul(taught)
        if self.scale == 'standardised':
            mean = teacher.mul(taught).sum(dim=(0, 2, 3), keepdim=True) / count
            variance = (teacher - mean).square().mul(taught).sum(dim=(0, 2, 3), keepdim=True) / count
            error = error / variance.clamp(min=FLOOR**2)
        return error.sum() / count / student.shape[1]
