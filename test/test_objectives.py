# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Holder and Shafique's loss against values computed by hand."""

import math

import pytest
import torch

from objectives import HolderLoss, cross_entropy
from teacher import TeacherStats
from uncd_ros.student import StudentOutput


def _case(labels: list[int]) -> tuple[StudentOutput, TeacherStats, torch.Tensor]:
    """Two pixels, two classes: the student says (1/2, 1/2), the teacher (3/4, 1/4) with std 0.3; student std 0.1."""
    shape = (1, 2, 1, 2)
    mean = torch.tensor([0.75, 0.25]).view(1, 2, 1, 1).expand(shape)
    return (
        StudentOutput(logits=torch.zeros(shape), std=torch.full(shape, 0.1)),
        TeacherStats(mean=mean, std=torch.full(shape, 0.3), soft=mean),
        torch.tensor([[labels]]),
    )


def test_loss_by_hand() -> None:
    kl = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    expected = kl + 0.1 * math.log(2) + 1.1 * 0.04
    loss = HolderLoss(temperature=1.0, alpha=0.1, beta=1.1)
    assert float(loss(*_case([0, 1]))) == pytest.approx(expected, rel=1e-5)


def test_temperature_scales_the_divergence_by_its_square() -> None:
    output, stats, labels = _case([0, 1])
    cold = HolderLoss(temperature=1.0, alpha=0.0, beta=0.0)(output, stats, labels)
    # Zero logits stay (1/2, 1/2) at any temperature.
    warm = HolderLoss(temperature=3.0, alpha=0.0, beta=0.0)(output, stats, labels)
    assert float(warm) == pytest.approx(9 * float(cold), rel=1e-5)


def test_void_pixels_do_not_count() -> None:
    loss = HolderLoss(temperature=1.0, alpha=0.1, beta=1.1)
    output, stats, labels = _case([0, 255])
    output.std[..., 1] = 0.9
    assert float(loss(output, stats, labels)) == pytest.approx(float(loss(*_case([0, 0]))), rel=1e-5)


def test_a_batch_of_void_teaches_nothing() -> None:
    loss = HolderLoss(temperature=1.0, alpha=0.1, beta=1.1)
    assert float(loss(*_case([255, 255]))) == 0.0


def test_cross_entropy_is_a_mean_over_valid_pixels() -> None:
    logits = torch.zeros(1, 4, 2, 3)
    labels = torch.tensor([[[0, 1, 255], [255, 255, 3]]])
    assert float(cross_entropy(logits, labels)) == pytest.approx(math.log(4))
