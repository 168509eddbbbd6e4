# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streaming metrics against torchmetrics, scikit-learn and closed forms."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torchmetrics.classification import BinaryCalibrationError, MulticlassJaccardIndex

from uncd_ros.evaluation.metrics import (
    CalibrationError,
    ConfusionMatrix,
    ProbabilityScores,
    effective_count,
    effective_counts,
    image_auroc,
)


def test_miou_equals_torchmetrics_and_leaves_ignored_pixels_out() -> None:
    torch.manual_seed(0)
    predicted, labels = torch.randint(0, 5, (2, 4, 30, 40))
    labels[:, :5] = 255
    confusion = ConfusionMatrix(5)
    for p, t in zip(predicted, labels, strict=True):
        confusion.update(p, t)
    expected = MulticlassJaccardIndex(5, ignore_index=255)(predicted, labels)
    assert confusion.miou() == pytest.approx(float(expected), abs=1e-6)
    valid = labels != 255
    assert confusion.accuracy() == pytest.approx(float((predicted == labels)[valid].float().mean()))


def test_a_class_that_is_nowhere_does_not_lower_the_mean() -> None:
    confusion = ConfusionMatrix(3)
    confusion.update(torch.tensor([0, 1]), torch.tensor([0, 1]))
    assert confusion.miou() == 1.0


def test_ece_equals_torchmetrics() -> None:
    torch.manual_seed(0)
    confidence = torch.rand(5000)
    right = torch.rand(5000) < confidence**2
    error = CalibrationError()
    for part in range(5):
        error.update(confidence[part::5], right[part::5])
    expected = BinaryCalibrationError(n_bins=15, norm='l1')(confidence, right.int())
    assert error.ece() == pytest.approx(float(expected), abs=1e-5)


def test_nll_and_brier_of_a_guess_and_against_scikit_learn() -> None:
    guess = ProbabilityScores()
    guess.update(torch.full((4, 10), 0.25).log(), torch.arange(10) % 4)
    assert guess.nll() == pytest.approx(math.log(4))
    assert guess.brier() == pytest.approx(3 / 16 + 9 / 16)
    torch.manual_seed(0)
    log_p, labels = torch.randn(5, 2000).double().log_softmax(dim=0), torch.randint(0, 5, (2000,))
    scores = ProbabilityScores()
    for part in range(4):
        scores.update(log_p[:, part::4], labels[part::4])
    p = log_p.exp().double().T.numpy()
    assert scores.nll() == pytest.approx(log_loss(labels, p), rel=1e-5)
    assert scores.brier() == pytest.approx(((p - np.eye(5)[labels]) ** 2).sum(1).mean(), rel=1e-5)


def test_image_auroc_of_separate_sets_is_one() -> None:
    assert image_auroc([0.1, 0.2], [0.3, 0.4]) == 1.0
    assert image_auroc([0.3, 0.4], [0.1, 0.2]) == 0.0


def test_auroc_of_a_score_that_a_network_lacks_is_not_a_number() -> None:
    assert np.isnan(image_auroc([float('nan')] * 2, [float('nan')]))


def test_drives_are_counted_by_themselves() -> None:
    assert effective_counts([0.5, 0.5, 0.5, 0.1], ['b', 'b', 'b', 'a']) == {'a': 1, 'b': 1}


def test_effective_count_of_independent_and_of_repeating_frames() -> None:
    rng = np.random.default_rng(0)
    independent = rng.normal(size=2000)
    assert effective_count(independent.tolist()) > 1700
    slow = np.repeat(rng.normal(size=200), 10)  # each value ten times: about 2000 / 19 ... 2000 / 10
    assert 80 < effective_count(slow.tolist()) < 220
    assert effective_count([0.5] * 100) == 1
