# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ensemble distillation by contrastive representation distillation (EnD-CRD): the teacher's mean and embeddings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.members.member import Member
from training.teaching.end_kl import OF_THE_MEAN
from training.teaching.objective import Objective, divergence, taught_pixels
from training.teaching.teacher import TeacherStats
from uncd_ros.network.student import StdMaps, Student, StudentOutput

DIMENSIONS, TEMPERATURE, WEIGHT = 128, 0.07, 0.8
"""Of the embeddings; of their similarities; of the contrastive term (Tian et al. 2019)."""
PIXELS = 128
"""Pixels of each image that are compared."""


class ContrastOutput(NamedTuple):
    """A student's output, and the embeddings of some pixels of the batch."""

    output: StudentOutput
    places: Tensor
    """(B, N, 2) float, row and column of each pixel in [0, 1) of the image."""
    student: Tensor
    """(B, N, 128), of length 1."""
    teacher: Tensor
    """(B, N, 128), of length 1."""


class HeadInputs:
    """What the heads of networks are given, at some pixels; one list a batch, in the order of the passes."""

    def __init__(self) -> None:
        self.places: Tensor | None = None
        self.seen: list[Tensor] = []

    def __call__(self, _head: nn.Module, inputs: tuple[Tensor]) -> None:
        """A pre-forward hook."""
        (maps,) = inputs
        if self.places is None:
            self.places = torch.rand(len(maps), PIXELS, 2, device=maps.device)
        self.seen.append(at_places(maps, self.places))

    def take(self) -> tuple[Tensor, list[Tensor]]:
        """Places, and (B, N, channels) of each pass since the last time."""
        assert self.places is not None
        taken = (self.places, self.seen)
        self.places, self.seen = None, []
        return taken


def at_places(maps: Tensor, places: Tensor) -> Tensor:
    """(B, C, h, w) maps of any size at (B, N, 2) places in [0, 1) -> (B, N, C), of the pixel that each lies in."""
    size = torch.tensor(maps.shape[-2:], device=maps.device)
    row, column = (places * size).long().unbind(dim=-1)
    image = torch.arange(len(maps), device=maps.device)[:, None]
    return maps[image, :, row, column]


class Contrast(nn.Module):
    """A student, and the projections that make its pixels comparable with its teacher's; these are trained with it."""

    def __init__(self, student: Student, teachers: int, inputs: HeadInputs) -> None:
        super().__init__()
        self.student, self.inputs = student, inputs
        channels = student.trunk.channels
        self.project_student = nn.Linear(channels, DIMENSIONS)
        self.project_teacher = nn.Linear(teachers * channels, DIMENSIONS)

    def forward(self, x: Tensor, *, std: StdMaps) -> ContrastOutput:
        """(B, 3, h, w) normalised, which the teacher's networks have been shown before."""
        output = self.student(x, std=std)
        places, (*teachers, student) = self.inputs.take()
        return ContrastOutput(
            output=output,
            places=places,
            student=functional.normalize(self.project_student(student), dim=-1),
            teacher=functional.normalize(self.project_teacher(torch.cat(teachers, dim=-1)), dim=-1),
        )


@dataclass(frozen=True, kw_only=True)
class EndCrdLoss(Objective):
    """L = T^2 KL(M || student) + 0.8 InfoNCE(student's pixels, teacher's pixels).

    A pixel's embedding is what the head is given there, linearly projected to 128 numbers of length 1; the teacher's
    is projected from those of all its networks. With similarities z_i . t_j / 0.07, each of the N compared pixels i
    must find its own among the teacher's, and the other way round:

        InfoNCE = - mean_i (ln softmax_j(z_i . t_j)_i + ln softmax_j(z_j . t_i)_i) / 2

    Tian et al. (2019) contrast images, with thousands of negatives from a memory; here the other pixels of the batch
    are the negatives, and there is no memory. The projections are no part of the student that comes out.
    """

    uncertainties: ClassVar = OF_THE_MEAN
    temperature: float

    @contextmanager
    def network(self, student: Student, teachers: Sequence[Member]) -> Iterator[nn.Module]:
        """As `Objective`."""
        inputs = HeadInputs()
        heads = {id(head): head for head in (student.prediction_head, *(teacher.head for teacher in teachers))}
        hooks = [head.register_forward_pre_hook(inputs) for head in heads.values()]
        try:
            yield Contrast(student, len(teachers), inputs)
        finally:
            for hook in hooks:
                hook.remove()

    def __call__(self, output: StudentOutput, stats: TeacherStats, labels: Tensor) -> Tensor:
        """As `Objective`."""
        compared = cast(ContrastOutput, output)  # as this objective's network gives it
        valid = at_places(taught_pixels(labels), compared.places)[..., 0]
        kl = divergence(compared.output, stats.soft, labels, self.temperature)
        return kl + WEIGHT * info_nce(compared.student[valid], compared.teacher[valid])


def info_nce(student: Tensor, teacher: Tensor) -> Tensor:
    """(N, D) each, of length 1 -> scalar; 0 where there is none to compare (van den Oord et al. 2018)."""
    similarity = student.float() @ teacher.float().T / TEMPERATURE
    own = torch.arange(len(similarity), device=similarity.device)
    both = sum(functional.cross_entropy(each, own, reduction='sum') for each in (similarity, similarity.T))
    return cast(Tensor, both) / (2 * max(1, len(own)))
