# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What knowing costs: a pass of the student beside one of a plain net, and beside those of a whole ensemble."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

from uncd_ros.model.card import ModelCard
from uncd_ros.model.inference import for_inference, infer
from uncd_ros.network.student import Student, upsample

ROUNDS = 15
"""Passes of each that are timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Medians of passes in turns, on one image of the network's size; batch norms folded, as on the robot."""

    student_ms: float
    """Labels, served uncertainty and image score, in milliseconds."""
    plain_ms: float
    """Labels of the same network without its uncertainty head: a network without uncertainty."""
    members_ms: float
    """Labels of as many plain nets as the ensemble had members, one after another; their mean and spread not yet."""
    members: int
    """How many they are."""
    student_over_plain: float
    """Median of the ratios of one turn each, which a busy moment moves less than the ratio of the medians."""
    members_over_plain: float
    """Likewise."""


class PlainNet(nn.Module):
    """A student without its uncertainty head."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, h, w) normalised -> logits (B, C, h, w)."""
        return upsample(self.student.prediction_head(self.student.trunk(x).fine), x.shape[-2:])


@torch.inference_mode()
def measure_cost(student: Student, card: ModelCard) -> Cost:
    """Time a model's student on the device where it is."""
    folded = for_inference(student)
    plain, members = PlainNet(folded), card.provenance.teacher_networks
    device = folded.mahalanobis.mean.device
    shape = (1, 3, *card.student.input_size)
    x = torch.randn(shape, device=device).contiguous(memory_format=torch.channels_last)
    times = interleaved(
        {
            'student': lambda: infer(folded, card, x),
            'plain': lambda: plain(x).max(dim=1),
            'members': lambda: [plain(x).max(dim=1) for _ in range(members)],
        },
        device,
    )
    return Cost(
        student_ms=median(times['student']),
        plain_ms=median(times['plain']),
        members_ms=median(times['members']),
        members=members,
        student_over_plain=_ratio(times['student'], times['plain']),
        members_over_plain=_ratio(times['members'], times['plain']),
    )


def interleaved(
    passes: Mapping[str, Callable[[], object]], device: torch.device, rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Milliseconds of each turn, timed one after another, so that a busy moment hits all alike; one turn warms up."""
    times: dict[str, list[float]] = {name: [] for name in passes}
    for turn in range(rounds + 1):
        for name, run in passes.items():
            start = time.perf_counter()
            run()
            if device.type == 'cuda':
                torch.cuda.synchronize(device)
            if turn:
                times[name].append(1e3 * (time.perf_counter() - start))
    return times


def _ratio(some: list[float], others: list[float]) -> float:
    return median(mine / theirs for mine, theirs in zip(some, others, strict=True))
