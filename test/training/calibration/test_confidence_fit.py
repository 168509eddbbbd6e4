# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The confidence curve is what the labels were drawn by, and never rises with doubt."""

import numpy as np
import pytest
import torch

from support.tiny_frames import in_memory
from training.calibration.confidence_fit import PixelSample, fit_confidence, sample_pixels
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.confidence import ConfidenceCurve

RNG = np.random.default_rng(0)
N = 60_000


def _drawn(p: np.ndarray, odds: np.ndarray, unsure: np.ndarray) -> PixelSample:
    return PixelSample(evidence=np.stack([odds, unsure], axis=1), right=RNG.random(len(p)) < p)


def _read(curve: ConfidenceCurve, odds: np.ndarray, unsure: np.ndarray) -> np.ndarray:
    z = curve.log_odds * odds + curve.uncertainty * unsure + curve.intercept
    return np.interp(z, np.linspace(curve.low, curve.high, len(curve.table)), curve.table)


def test_it_finds_the_probability_that_was_put_in() -> None:
    odds, unsure = RNG.uniform(-2, 8, N), RNG.uniform(0, 0.5, N)
    p = 1 / (1 + np.exp(-(0.6 * odds - 5 * unsure + 0.3)))
    curve = fit_confidence(_drawn(p, odds, unsure))
    assert (curve.log_odds, curve.uncertainty) == pytest.approx((0.6, -5.0), rel=0.1)
    assert np.abs(_read(curve, odds, unsure) - p).mean() < 0.01


def test_it_follows_a_curve_that_is_not_logistic() -> None:
    odds = RNG.uniform(0, 10, N)
    p = np.where(odds < 4, 0.3, 0.9)
    curve = fit_confidence(_drawn(p, odds, np.zeros(N)))
    assert np.abs(_read(curve, odds, np.zeros(N)) - p).mean() < 0.02
    assert curve.table[-1] < 0.95


def test_a_term_that_would_raise_confidence_with_doubt_is_dropped() -> None:
    odds, unsure = RNG.uniform(0, 6, N), RNG.uniform(0, 1, N)
    wrong_way = fit_confidence(_drawn(1 / (1 + np.exp(-(odds - 3 + unsure))), odds, unsure))
    assert wrong_way.uncertainty == 0.0 and wrong_way.log_odds > 0.5
    other_way = fit_confidence(_drawn(1 / (1 + np.exp(odds - 3 + 3 * unsure)), odds, unsure))
    assert other_way.log_odds == 0.0 and other_way.uncertainty < -1.0


@pytest.mark.parametrize('right', [True, False])
def test_what_is_always_right_or_always_wrong_is_one_point(right: bool) -> None:
    curve = fit_confidence(PixelSample(evidence=RNG.normal(size=(50, 2)), right=np.full(50, right)))
    assert curve.table == (float(right),)


def test_void_is_not_sampled() -> None:
    labels = torch.full((2, 4, 6), 255, dtype=torch.uint8)
    labels[:, 1] = 1
    data = in_memory(torch.zeros(2, 3, 4, 6, dtype=torch.uint8), labels, ('a', 'a'))
    logits = torch.tensor([0.0, 2.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 4, 6)
    sample = sample_pixels([(lambda _: StudentOutput(logits=logits, std=logits / 10), data)], 'predicted_std')
    assert sample.right.tolist() == [True] * 12
    np.testing.assert_allclose(sample.evidence, [[2 - np.log(2), 0.2]] * 12, rtol=1e-6)
