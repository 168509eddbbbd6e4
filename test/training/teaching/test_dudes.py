# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DUDES' loss against values computed by hand, and against scikit-learn's."""

import math

import pytest
import torch
from sklearn.metrics import root_mean_squared_log_error

from training.data.unlabelled import UNLABELLED
from training.teaching.dudes import DudesLoss
from training.teaching.teacher import TeacherStats
from uncd_ros.network.student import StudentOutput


def _case(labels: list[int]) -> tuple[StudentOutput, TeacherStats, torch.Tensor]:
    """Three pixels; the teacher predicts class 1, with a std of 0.3, 0.2, 0.1; the student gives other classes 0.9."""
    mean = torch.tensor([0.25, 0.75]).view(1, 2, 1, 1).expand(1, 2, 1, 3)
    std = torch.tensor([[0.5, 0.5, 0.5], [0.3, 0.2, 0.1]])[None, :, None]
    student = torch.tensor([[0.9, 0.9, 0.9], [0.1, 0.2, 0.4]])[None, :, None]
    return (
        StudentOutput(logits=torch.zeros(1, 2, 1, 3), std=student),
        TeacherStats(mean=mean, std=std, soft=mean),
        torch.tensor([[labels]]),
    )


def test_labels_and_the_std_of_the_class_that_the_teacher_predicts() -> None:
    rmsle = root_mean_squared_log_error([0.3, 0.2, 0.1], [0.1, 0.2, 0.4])
    assert float(DudesLoss()(*_case([0, 1, 1]))) == pytest.approx(math.log(2) + rmsle, rel=1e-5)


def test_pixels_to_ignore_teach_nothing() -> None:
    rmsle = root_mean_squared_log_error([0.3, 0.2], [0.1, 0.2])
    assert float(DudesLoss()(*_case([0, 1, 255]))) == pytest.approx(math.log(2) + rmsle, rel=1e-5)
    assert float(DudesLoss()(*_case([255] * 3))) == pytest.approx(0.0, abs=1e-5)


def test_where_nobody_labelled_the_teachers_class_is_the_label() -> None:
    output, stats, labels = _case([0, 0, UNLABELLED])
    output.logits[0, 1, 0, 2] = 1.0
    of_teachers_class = math.log(1 + math.exp(-1.0))
    rmsle = root_mean_squared_log_error([0.3, 0.2, 0.1], [0.1, 0.2, 0.4])
    expected = (2 * math.log(2) + of_teachers_class) / 3 + rmsle
    assert float(DudesLoss()(output, stats, labels)) == pytest.approx(expected, rel=1e-5)


def test_a_student_that_knows_it_all_has_a_finite_gradient() -> None:
    output, stats, labels = _case([1, 1, 1])
    std = stats.std.clone().requires_grad_()
    DudesLoss()(output._replace(std=std), stats, labels).backward()
    assert std.grad is not None and std.grad.isfinite().all()
