# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Holder and Shafique's loss against values computed by hand."""

import math

import pytest
import torch

from training.data.unlabelled import UNLABELLED
from training.members.loss import cross_entropy
from training.teaching.holder import HolderLoss
from training.teaching.teacher import TeacherStats
from uncd_ros.network.student import StudentOutput


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


def test_of_two_nets_in_a_row_the_first_learns_labels_and_mean_but_no_std() -> None:
    output, stats, labels = _case([0, 1])
    loss = HolderLoss(temperature=2.0, alpha=0.1, beta=1.1)
    both = loss(output._replace(auxiliary=output.logits), stats, labels)
    without_std = HolderLoss(temperature=2.0, alpha=0.1, beta=0.0)(output, stats, labels)
    torch.testing.assert_close(both, loss(output, stats, labels) + without_std)


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


def _std_only(**switches: str) -> HolderLoss:
    return HolderLoss(temperature=1.0, alpha=0.0, beta=1.0, **switches)


def _stds(student: list[list[float]], teacher: list[list[float]]) -> tuple[StudentOutput, TeacherStats]:
    """Classes x pixels; the student's distribution is the teacher's: no divergence. Class 0 is predicted."""
    ours, theirs = (torch.tensor(each)[None, :, None] for each in (student, teacher))
    mean = torch.tensor([0.75, 0.25]).view(1, 2, 1, 1).expand(ours.shape)
    return StudentOutput(logits=mean.log(), std=ours), TeacherStats(mean=mean, std=theirs, soft=mean)


def test_only_the_class_that_the_teacher_predicts() -> None:
    case = _stds([[0.1, 0.2], [0.5, 0.5]], [[0.2, 0.4], [0.0, 0.0]])
    labels = torch.tensor([[[0, 1]]])
    loss = _std_only(target='predicted_class')(*case, labels)
    assert float(loss) == pytest.approx((0.1**2 + 0.2**2) / 2, rel=1e-4)
    # Void pixels do not count here either.
    loss = _std_only(target='predicted_class')(*case, torch.tensor([[[255, 1]]]))
    assert float(loss) == pytest.approx(0.2**2, rel=1e-4)


def test_logarithms_compare_ratios() -> None:
    case = _stds([[0.099, 0.009], [0.0, 0.0]], [[0.009, 0.099], [0.0, 0.0]])
    loss = _std_only(scale='log', target='predicted_class')(*case, torch.tensor([[[0, 0]]]))
    # (0.099 + 0.001) / (0.009 + 0.001) = 10 both ways round.
    assert float(loss) == pytest.approx(math.log(10) ** 2, rel=1e-4)


def test_standardised_classes_count_equally_whatever_their_spread() -> None:
    # The student says the mean of each class: an error of one standard deviation, for a large and a small one.
    case = _stds([[0.2, 0.2, 0.5], [0.02, 0.02, 0.5]], [[0.1, 0.3, 0.0], [0.01, 0.03, 0.0]])
    loss = _std_only(scale='standardised')(*case, torch.tensor([[[0, 1, 255]]]))
    assert float(loss) == pytest.approx(1.0, rel=1e-3)


def test_a_class_that_never_spreads_does_not_blow_up() -> None:
    case = _stds([[0.01, 0.01], [0.01, 0.01]], [[0.0, 0.0], [0.0, 0.0]])
    loss = _std_only(scale='standardised')(*case, torch.tensor([[[0, 1]]]))
    assert float(loss) == pytest.approx((0.01 / 1e-3) ** 2, rel=1e-3)


@pytest.mark.parametrize('scale', ['linear', 'log', 'standardised'])
@pytest.mark.parametrize('target', ['all_classes', 'predicted_class'])
def test_a_student_that_is_its_teacher_has_nothing_to_learn(scale: str, target: str) -> None:
    case = _stds([[0.1, 0.3], [0.01, 0.02]], [[0.1, 0.3], [0.01, 0.02]])
    assert float(_std_only(scale=scale, target=target)(*case, torch.tensor([[[0, 1]]]))) == pytest.approx(0.0, abs=1e-6)
    assert float(_std_only(scale=scale, target=target)(*case, torch.tensor([[[255, 255]]]))) == 0.0


def test_where_nobody_labelled_the_teacher_speaks_alone() -> None:
    case = _case([0, UNLABELLED])
    kl = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    # Divergence and std are means over both pixels, cross-entropy over the labelled one.
    loss = HolderLoss(temperature=1.0, alpha=0.1, beta=1.1)
    assert float(loss(*case)) == pytest.approx(kl + 0.1 * math.log(2) + 1.1 * 0.04, rel=1e-5)
    assert float(loss(*_case([UNLABELLED] * 2))) == pytest.approx(kl + 1.1 * 0.04, rel=1e-5)
