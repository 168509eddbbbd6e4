# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Component metrics against figures worked out by hand."""

import math

import numpy as np
import pytest

from uncd_ros.evaluation.components import F1_THRESHOLDS, SMALLEST, ComponentMetrics

EVERYWHERE = np.ones((60, 100), bool)


def _mask(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros(EVERYWHERE.shape, bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def _metrics(predicted: np.ndarray, anomalous: np.ndarray, valid: np.ndarray = EVERYWHERE) -> ComponentMetrics:
    metrics = ComponentMetrics(0.5)
    metrics.update(predicted, anomalous, valid)
    return metrics


def test_found_as_it_is() -> None:
    both = _mask((0, 10, 0, 10), (20, 40, 30, 60))
    result = _metrics(both, both).result()
    assert (result.threshold, result.siou, result.ppv, result.f1) == (0.5, 1.0, 1.0, 1.0)


def test_one_found_one_missed_and_one_that_is_none() -> None:
    anomalous = _mask((0, 10, 0, 10), (20, 30, 0, 10))
    # Half of the first and as much outside: 50 of 150 in common, and half of what was found is anomalous.
    predicted = _mask((0, 10, 5, 15), (40, 50, 50, 60))
    metrics = _metrics(predicted, anomalous)
    assert metrics.sious == pytest.approx([50 / 150, 0.0]) and metrics.ppvs == pytest.approx([0.5, 0.0])
    below_a_third, up_to_half, above = (
        sum(low <= each < high for each in F1_THRESHOLDS) for low, high in ((0.0, 1 / 3), (1 / 3, 0.5), (0.5, 1.0))
    )
    assert (below_a_third, up_to_half, above) == (2, 3, 6)
    assert metrics.result().f1 == pytest.approx(2 * (2 * 1 / (2 * 1 + 1 + 1)) / 11)


def test_an_anomaly_is_not_blamed_for_its_neighbour() -> None:
    anomalous = _mask((0, 10, 0, 10), (0, 10, 12, 22))
    predicted = _mask((0, 10, 0, 22))  # one component over both, with 20 pixels between them
    metrics = _metrics(predicted, anomalous)
    assert metrics.sious == pytest.approx([100 / 120, 100 / 120]) and metrics.ppvs == pytest.approx([200 / 220])


def test_what_is_ignored_counts_nowhere_and_specks_are_dropped() -> None:
    anomalous, valid = _mask((0, 10, 0, 10)), EVERYWHERE.copy()
    valid[30:] = False
    speck = _mask((20, 21, 0, SMALLEST - 1))
    metrics = _metrics(anomalous | speck | _mask((40, 60, 0, 100)), anomalous | _mask((30, 40, 0, 9)), valid)
    assert metrics.sious == [1.0] and metrics.ppvs == [1.0]


def test_frames_add_up_and_nothing_is_nan() -> None:
    empty = ComponentMetrics(0.0).result()
    assert all(math.isnan(value) for value in (empty.siou, empty.ppv, empty.f1))
    metrics = ComponentMetrics(0.0)
    for _ in range(3):
        metrics.update(_mask((0, 10, 0, 10)), _mask((0, 10, 0, 10)), EVERYWHERE)
        metrics.update(_mask(), _mask((0, 10, 0, 10)), EVERYWHERE)
    assert metrics.result().siou == 0.5 and metrics.result().ppv == 1.0
    assert metrics.result().f1 == pytest.approx(2 * 3 / (2 * 3 + 3))
