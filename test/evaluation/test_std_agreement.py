# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rank correlation from a joint histogram, against scipy and closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from uncd_ros.evaluation.std_agreement import Agreement


def _agreement(teacher: torch.Tensor, student: torch.Tensor) -> Agreement:
    agreement = Agreement()
    for part in range(3):
        agreement.update(teacher[part::3], student[part::3], torch.zeros(len(teacher[part::3]), dtype=torch.bool))
    return agreement


def test_spearman_equals_scipy_at_any_scale() -> None:
    torch.manual_seed(0)
    teacher = torch.rand(30_000) ** 6 / 2
    student = (teacher * torch.exp(0.8 * torch.randn(30_000))).clamp(max=0.5)
    expected = spearmanr(teacher, student).statistic
    assert _agreement(teacher, student).spearman() == pytest.approx(expected, abs=3e-3)


def test_spearman_of_a_rising_and_of_a_falling_relation() -> None:
    teacher = torch.linspace(0.01, 0.5, 300)
    assert _agreement(teacher, teacher.square()).spearman() == pytest.approx(1.0, abs=1e-2)
    assert _agreement(teacher, 0.6 - teacher).spearman() == pytest.approx(-1.0, abs=1e-2)


def test_a_constant_has_no_rank() -> None:
    assert math.isnan(_agreement(torch.rand(9), torch.zeros(9)).spearman())


def test_right_and_wrong_pixels_are_kept_apart() -> None:
    agreement = Agreement()
    agreement.update(torch.tensor([0.1, 0.2]), torch.tensor([0.1, 0.3]), torch.tensor([False, True]))
    assert agreement.counts.sum(dim=(1, 2)).tolist() == [1, 1]


def test_the_median_of_an_exact_copy_is_the_copy() -> None:
    value = torch.rand(5000) / 2
    agreement = _agreement(value, value)
    medians = agreement.quantiles((0.5,))[:, 0]
    edges = agreement.edges()
    seen = ~np.isnan(medians)
    assert seen.any()
    assert ((medians >= edges[:-1]) & (medians <= edges[1:]))[seen].all()
