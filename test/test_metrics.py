# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streaming metrics against torchmetrics, scikit-learn and closed forms."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torchmetrics.classification import BinaryCalibrationError, MulticlassJaccardIndex

from uncd_ros.evaluation.metrics import Auroc, CalibrationError, ConfusionMatrix, effective_count, image_auroc


def test_miou_equals_torchmetrics_and_leaves_void_out() -> None:
    torch.manual_seed(0)
    predicted, labels = torch.randint(0, 5, (2, 4, 30, 40))
    labels[:, :5] = 255
    confusion = ConfusionMatrix(5)
    for p, t in zip(predicted, labels, strict=True):
        confusion.update(p, t)
    expected = MulticlassJaccardIndex(5, ignore_index=255)(predicted, labels)
    assert confusion.miou() == pytest.approx(float(expected), abs=1e-6)


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


@pytest.mark.parametrize('power', [1, 8])
def test_auroc_equals_scikit_learn_where_scores_crowd_near_zero(power: int) -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(20_000) < 0.1
    score = (rng.random(20_000) * np.where(positive, 1.0, 0.8)) ** power
    auroc = Auroc()
    for part in range(4):
        auroc.update(torch.from_numpy(score[part::4]), torch.from_numpy(positive[part::4]))
    assert auroc.auroc() == pytest.approx(roc_auc_score(positive, score), abs=1e-4)


def test_auroc_of_equal_scores_is_a_half() -> None:
    auroc = Auroc()
    auroc.update(torch.tensor([0.0, -0.0, 0.0]), torch.tensor([True, False, False]))
    assert auroc.auroc() == 0.5


def test_image_auroc_of_separate_sets_is_one() -> None:
    assert image_auroc([0.1, 0.2], [0.3, 0.4]) == 1.0
    assert image_auroc([0.3, 0.4], [0.1, 0.2]) == 0.0


def test_effective_count_of_independent_and_of_repeating_frames() -> None:
    rng = np.random.default_rng(0)
    independent = rng.normal(size=2000)
    assert effective_count(independent.tolist()) > 1700
    slow = np.repeat(rng.normal(size=200), 10)  # each value ten times: about 2000 / 19 ... 2000 / 10
    assert 80 < effective_count(slow.tolist()) < 220
    assert effective_count([0.5] * 100) == 1
