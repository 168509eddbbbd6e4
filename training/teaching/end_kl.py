# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ensemble distillation by the Kullback-Leibler divergence (EnD-KL): the teacher's mean alone."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from training.teaching.objective import Objective, divergence
from training.teaching.teacher import TeacherStats
from uncd_ros.network.student import StudentOutput

OF_THE_MEAN = {
    'entropy': "entropy of the class distribution, which follows the teacher's mean",
    'msp': "1 - probability of the predicted class, which follows the teacher's mean",
}
"""What a student knows that has learnt no std."""


@dataclass(frozen=True, kw_only=True)
class EndKlLoss(Objective):
    """L = T^2 KL(M || student), a mean over pixels that are not ignored; no label is seen."""

    uncertainties: ClassVar = OF_THE_MEAN
    temperature: float

    def __call__(self, output: StudentOutput, stats: TeacherStats, labels: Tensor) -> Tensor:
        """As `Objective`."""
        return divergence(output, stats.soft, labels, self.temperature)
