# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How many independent values a series is worth: of processes of which it is known."""

import numpy as np
import pytest

from support.series import autoregressive
from training.calibration.sample_size import effective_sample_size
from uncd_ros.evaluation.metrics import effective_count


@pytest.mark.parametrize('r', [0.0, 0.5, 0.9])
def test_an_autoregressive_series_is_worth_what_theory_says(r: float) -> None:
    worth = effective_sample_size(autoregressive(np.random.default_rng(0), 20_000, r))
    assert worth == pytest.approx(20_000 * (1.0 - r) / (1.0 + r), rel=0.15)


def test_noise_on_a_slow_change_is_not_counted() -> None:
    generator = np.random.default_rng(0)
    slow = autoregressive(generator, 5000, 0.98)
    noisy = slow + 0.5 * generator.normal(size=5000)
    assert effective_sample_size(noisy) < 1.5 * effective_sample_size(slow)
    assert effective_count(noisy.tolist()) > 5 * effective_count(slow.tolist())


def test_more_images_of_the_same_drive_are_worth_no_more() -> None:
    drive = autoregressive(np.random.default_rng(0), 3000, 0.99)
    assert effective_sample_size(drive[::3]) == pytest.approx(effective_sample_size(drive), rel=0.1)


@pytest.mark.parametrize('series', [[1.0], [2.0, 2.0, 2.0]])
def test_what_does_not_vary_is_worth_one(series: list[float]) -> None:
    assert effective_sample_size(np.asarray(series)) == 1.0
