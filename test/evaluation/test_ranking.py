# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Areas and curves from two histograms against scikit-learn, brute force and closed forms."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from uncd_ros.evaluation.ranking import Ranking, bin_edges, ordered_bins


def _ranking(score: np.ndarray, positive: np.ndarray, parts: int = 4) -> Ranking:
    ranking = Ranking()
    for part in range(parts):
        ranking.update(torch.from_numpy(score[part::parts]), torch.from_numpy(positive[part::parts]))
    return ranking


def test_bins_rise_with_the_score_on_both_sides_of_zero() -> None:
    scores = torch.tensor([-math.inf, -1e30, -3.0, -2.9, -1e-30, 0.0, 1e-30, 0.5, 0.6, 7.0, 1e30, math.inf])
    for bits in (13, 16, 20):
        bins = ordered_bins(scores, bits)
        assert bins.tolist() == sorted(set(bins.tolist()))
        assert 0 <= bins.min() and bins.max() < 1 << bits
        edges = bin_edges(bins[1:].numpy(), bits)
        assert (edges <= scores[1:].numpy()).all()
        np.testing.assert_array_equal(ordered_bins(torch.from_numpy(edges), bits), bins[1:])
    assert ordered_bins(torch.tensor([-0.0]), 20).equal(ordered_bins(torch.tensor([0.0]), 20))


@pytest.mark.parametrize('shape', ['spread', 'crowded', 'signed'])
def test_areas_equal_scikit_learn(shape: str) -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(20_000) < 0.1
    score = rng.random(20_000) * np.where(positive, 1.0, 0.8)
    score = {'spread': score, 'crowded': score**8, 'signed': np.log(score)}[shape].astype(np.float32)
    ranking = _ranking(score, positive)
    assert ranking.auroc() == pytest.approx(roc_auc_score(positive, score), abs=1e-4)
    assert ranking.aupr() == pytest.approx(average_precision_score(positive, score), abs=1e-3)
    false_rate, true_rate, _ = roc_curve(positive, score, drop_intermediate=False)
    assert ranking.fpr95() == pytest.approx(false_rate[np.searchsorted(true_rate, 0.95)], abs=1e-3)


def test_the_threshold_of_the_best_f1() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(5_000) < 0.2
    score = (rng.normal(size=5_000) + 2.0 * positive).astype(np.float32)
    precision, recall, thresholds = precision_recall_curve(positive, score)
    best = thresholds[(2 * precision * recall / (precision + recall))[:-1].argmax()]
    assert _ranking(score, positive).best_f1_threshold() == pytest.approx(best, rel=1e-3)
    assert math.isnan(Ranking().best_f1_threshold())


def test_a_perfect_ranking() -> None:
    ranking = _ranking(np.array([-2.0, -1.0, 0.5, 3.0]), np.array([False, False, True, True]), parts=1)
    assert (ranking.auroc(), ranking.aupr(), ranking.fpr95()) == (1.0, 1.0, 0.0)
    # Of the 1, 2, 3, 4 lowest, 0, 0, 1 and 2 are positive.
    assert ranking.aurc() == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)


def test_equal_scores_say_nothing() -> None:
    ranking = _ranking(np.zeros(8), np.arange(8) < 2, parts=1)
    assert (ranking.auroc(), ranking.aupr(), ranking.fpr95()) == (0.5, 0.25, 1.0)
    assert ranking.aurc() == pytest.approx(0.25)


def test_the_risk_coverage_area_is_the_mean_over_random_orders_of_ties() -> None:
    rng = np.random.default_rng(1)
    score, positive = rng.integers(0, 4, 60) / 4, rng.random(60) < 0.3
    areas = []
    for _ in range(4000):
        order = np.lexsort([rng.random(60), score])
        areas.append((positive[order].cumsum() / np.arange(1, 61)).mean())
    assert _ranking(score, positive).aurc() == pytest.approx(np.mean(areas), abs=2e-3)


def test_the_risk_coverage_curve_ends_at_the_error_rate() -> None:
    rng = np.random.default_rng(1)
    score = rng.random(5000)
    ranking = _ranking(score, rng.random(5000) < score)
    coverage, risk = ranking.risk_coverage()
    assert coverage[-1] == 1.0 and risk[-1] == pytest.approx(0.5, abs=0.03)
    assert risk.mean() == pytest.approx(ranking.aurc(), abs=3e-3)


def test_one_kind_alone_has_no_area() -> None:
    ranking = _ranking(np.array([0.1, 0.2]), np.array([False, False]), parts=1)
    assert math.isnan(ranking.auroc()) and math.isnan(ranking.aupr()) and math.isnan(ranking.fpr95())
    assert ranking.aurc() == 0.0
    assert math.isnan(Ranking().aurc()) and math.isnan(Ranking().mean())


def test_mean_split_and_histogram() -> None:
    ranking = _ranking(np.array([0.0, 0.25, 0.5, 0.75]), np.array([False, False, True, False]), parts=1)
    assert ranking.mean() == pytest.approx(0.375, rel=1e-3)
    assert ranking.quantile(0.75) == pytest.approx(0.5, rel=1e-3)
    assert ranking.split(0.3) == ((2, 0), (1, 1))
    negatives, positives = ranking.histogram(np.array([0.0, 0.4, 1.0]))
    assert negatives.tolist() == [2, 1] and positives.tolist() == [0, 1]
