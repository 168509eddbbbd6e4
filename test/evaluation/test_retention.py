# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is left after dropping, against dropping by sorting."""

import numpy as np
import pytest
import torch

from uncd_ros.evaluation.metrics import ConfusionMatrix
from uncd_ros.evaluation.retention import Retention


def test_dropping_the_wrong_pixels_leaves_a_perfect_rest() -> None:
    retention = Retention(2)
    labels = torch.tensor([0, 0, 1, 1])
    predicted = torch.tensor([0, 0, 1, 0])
    retention.update(torch.tensor([0.1, 0.0, 0.2, 1.0]), predicted, labels)
    whole, rest = retention.curve([0.0, 0.25])
    assert (whole.miou, whole.pixel_accuracy) == (pytest.approx((2 / 3 + 1 / 2) / 2), 0.75)
    assert (rest.miou, rest.pixel_accuracy) == (1.0, 1.0)


def test_equal_to_sorting_all_pixels() -> None:
    torch.manual_seed(0)
    uncertainty = torch.rand(40_000) ** 4
    labels = torch.randint(0, 5, (40_000,))
    predicted = torch.where(torch.rand(40_000) < uncertainty, torch.randint(0, 5, (40_000,)), labels)
    retention = Retention(5)
    for part in range(4):
        retention.update(uncertainty[part::4], predicted[part::4], labels[part::4])
    order = uncertainty.argsort()
    for point in retention.curve([0.0, 0.1, 0.5, 0.9]):
        kept = order[: round((1 - point.dropped) * len(order))]
        confusion = ConfusionMatrix(5)
        confusion.update(predicted[kept], labels[kept])
        assert point.miou == pytest.approx(confusion.miou(), abs=1e-3)
        assert point.pixel_accuracy == pytest.approx(confusion.accuracy(), abs=1e-3)


def test_equal_uncertainties_are_dropped_in_proportion() -> None:
    retention = Retention(2)
    retention.update(torch.zeros(10), torch.arange(10) % 2, torch.zeros(10))
    assert [point.pixel_accuracy for point in retention.curve([0.0, 0.3, 0.9])] == [0.5] * 3


def test_a_class_of_which_nothing_is_left_does_not_count() -> None:
    retention = Retention(2)
    retention.update(torch.tensor([0.0, 0.9]), torch.tensor([0, 0]), torch.tensor([0, 1]))
    assert np.isclose([point.miou for point in retention.curve([0.0, 0.5])], [0.25, 1.0]).all()
