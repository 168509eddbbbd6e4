# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DUDES (Landgraf et al. 2023): the labels, and the std of the class that the teacher predicts."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from training.data.unlabelled import UNLABELLED
from training.members.loss import label_loss
from training.teaching.objective import Objective, taught_pixels
from training.teaching.teacher import TeacherStats
from uncd_ros.network.student import StudentOutput

LEAST = 1e-12
"""Under the root, whose slope at 0 is infinite."""


@dataclass(frozen=True, kw_only=True)
class DudesLoss(Objective):
    """L = CE(labels) + sqrt(mean((ln(1 + s_c) - ln(1 + S_c))^2)), c = argmax_c M_c (DUDES, eq. 2 to 4).

    Means over pixels that are not ignored. The paper's head has one channel, the std of whatever class is predicted;
    here it has one a class, of which that of the teacher's class is trained. S is the population std, as in all
    methods; the paper's is sqrt(F / (F - 1)) times as large. Pixels that nobody labelled have the teacher's class.
    Of a student of two nets in a row the first learns CE as well.
    """

    uncertainties: ClassVar = {
        'predicted_std': "the std over the teacher's networks of the probability of the predicted class, as predicted",
        'entropy': 'entropy of the class distribution, which follows the labels alone',
        'msp': '1 - probability of the predicted class, which follows the labels alone',
    }

    def __call__(self, output: StudentOutput, stats: TeacherStats, labels: Tensor) -> Tensor:
        """As `Objective`."""
        predicted, taught = stats.mean.argmax(dim=1, keepdim=True), taught_pixels(labels)
        student, teacher = output.std.gather(1, predicted), stats.std.gather(1, predicted)
        squares = (student.log1p() - teacher.log1p()).square().mul(taught)
        rmsle = (squares.sum() / taught.sum().clamp(min=1) + LEAST).sqrt()
        return label_loss(output, labels.where(labels != UNLABELLED, predicted[:, 0])) + rmsle
