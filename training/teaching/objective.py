# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every objective of a student has: a loss, and a meaning for the student's uncertainties."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.data.unlabelled import UNLABELLED
from training.members.loss import supervised
from training.members.member import Member
from training.teaching.teacher import TeacherStats
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.network.student import StdMaps, Student, StudentOutput
from uncd_ros.scores.pixel import STDS


class Objective(ABC):
    """A method of teaching a student; called, it gives the loss of one batch."""

    uncertainties: ClassVar[Mapping[str, str]]
    """Pixel uncertainty -> what it means in a student of this method. Calibration chooses among these alone."""

    @property
    def std(self) -> StdMaps:
        """Which std maps the student is trained to give."""
        return 'classes' if any(name in STDS for name in self.uncertainties) else 'none'

    @contextmanager
    def network(self, student: Student, teachers: Sequence[Member]) -> Iterator[nn.Module]:  # noqa: ARG002
        """What is trained, for as long as it is: the student, and around it what the loss alone needs."""
        yield student

    @abstractmethod
    def __call__(self, output: StudentOutput, stats: TeacherStats, labels: Tensor) -> Tensor:
        """Scalar loss; `stats.soft` must be taken at the same temperature. Labels (B, h, w) int64."""


def taught_pixels(labels: Tensor) -> Tensor:
    """(B, h, w) ids -> (B, 1, h, w) bool: all pixels but those to ignore, labelled or not."""
    return (labels != IGNORE_INDEX)[:, None]


def labelled_only(labels: Tensor) -> Tensor:
    """(B, h, w) ids with pixels that nobody labelled as pixels to ignore."""
    return labels.where(labels != UNLABELLED, IGNORE_INDEX)


def divergence(output: StudentOutput, soft: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """T^2 KL(soft || softmax(logits / T)), a mean over pixels that are not ignored (Hinton et al. 2015).

    Of a student of two nets in a row it is the sum over both.
    """
    taught, total = taught_pixels(labels), torch.zeros((), device=labels.device)
    for logits in supervised(output):
        log_student = (logits / temperature).log_softmax(dim=1)
        kl = functional.kl_div(log_student, soft, reduction='none').mul(taught).sum() / taught.sum().clamp(min=1)
        total = total + temperature**2 * kl
    return total
