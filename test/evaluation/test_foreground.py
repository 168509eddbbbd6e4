# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSC and MCC against scikit-learn on the pixels themselves, and the threshold against a search over all."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, matthews_corrcoef

from training.comparison.foreground_threshold import with_thresholds
from uncd_ros.evaluation.foreground import ForegroundMetrics
from uncd_ros.evaluation.pixel_metrics import PixelMetrics
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import EvaluatedModel
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, WITHOUT_STD


def _pixels(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (2, N) that know something, and labels (N,)."""
    generator = torch.Generator().manual_seed(0)
    labels = (torch.rand(count, generator=generator) < 0.2).byte()
    logit = torch.randn(count, generator=generator) + 1.5 * labels - 2.0
    return torch.stack([torch.zeros(count), logit]), labels


def test_scores_are_scikit_learns_and_the_threshold_is_the_best() -> None:
    logits, labels = _pixels(3000)
    metrics = ForegroundMetrics()
    for part in range(3):
        chosen = slice(1000 * part, 1000 * (part + 1))
        metrics.add(logits[:, chosen].log_softmax(0), labels[chosen])
    p = logits.softmax(0)[1].numpy()
    best = metrics.best_threshold()
    for threshold in (0.3, 0.5, best):
        scores = metrics.scores(threshold)
        assert scores.dsc == pytest.approx(f1_score(labels, p > threshold), abs=2e-3)
        assert scores.mcc == pytest.approx(matthews_corrcoef(labels, p > threshold), abs=2e-3)
    highest = max(f1_score(labels, p > threshold) for threshold in np.linspace(0.01, 0.99, 99))
    assert metrics.scores(best).dsc >= highest - 2e-3
    assert abs(best - 0.5) > 0.05, 'half would not do here'


def test_without_a_foreground_there_is_nothing_to_find() -> None:
    metrics = ForegroundMetrics()
    metrics.add(torch.tensor([[0.9, 0.8], [0.1, 0.2]]).log(), torch.zeros(2, dtype=torch.uint8))
    assert metrics.best_threshold() == 0.5 and math.isnan(metrics.scores(0.5).dsc)


def _output(logits: torch.Tensor) -> StudentOutput:
    maps = logits.view(1, 2, 20, 50)
    return StudentOutput(logits=maps, std=torch.full_like(maps, 0.1))


def test_outside_the_field_of_view_nothing_counts() -> None:
    """Every figure is that of the pixels inside alone, whatever the network says outside."""
    logits, labels = _pixels(1000)
    outside = torch.zeros(20, 50, dtype=torch.bool)
    outside[:, 25:] = True
    wild = logits.clone()
    wild[1, outside.flatten()] = 50.0
    found = []
    for given in (logits, wild):
        metrics = PixelMetrics(2, tuple(PIXEL_UNCERTAINTIES), 'msp')
        metrics.update(_output(given), labels.view(20, 50).where(~outside, torch.tensor(255, dtype=torch.uint8)))
        found.append(
            (metrics.segmentation(('background', 'vessel'), 0.3), metrics.calibrated().ece, metrics.calibrated().nll,
             metrics.calibrated().brier, metrics.confidence(), metrics.patches.confidence(0.2))
        )  # fmt: skip
    assert repr(found[0]) == repr(found[1])
    inside = ~outside.flatten()
    p, truth = logits.softmax(0)[1][inside], labels[inside]
    assert found[0][0].dsc == pytest.approx(f1_score(truth, p > 0.3), abs=2e-3)
    assert found[0][3] == pytest.approx(float((2 * (p - truth) ** 2).mean()), rel=1e-4)


def test_more_than_two_classes_have_no_foreground_and_a_net_without_std_no_munc() -> None:
    metrics = PixelMetrics(3, WITHOUT_STD, 'msp')
    metrics.update(StudentOutput(logits=torch.randn(1, 3, 4, 4), std=torch.zeros(1, 3, 4, 4)), torch.zeros(4, 4).byte())
    found = metrics.segmentation(('a', 'b', 'c'), 0.5)
    assert all(math.isnan(value) for value in (found.dsc, found.mcc, found.threshold, found.munc))


def test_munc_is_the_mean_over_classes_of_the_std_of_the_predicted_class() -> None:
    metrics = PixelMetrics(2, tuple(PIXEL_UNCERTAINTIES), 'predicted_std')
    logits = torch.tensor([[5.0, 5.0, 5.0, -5.0], [0.0, 0.0, 0.0, 0.0]]).view(1, 2, 1, 4)
    std = torch.tensor([[0.1, 0.2, 0.3, 0.5], [0.5, 0.5, 0.5, 0.4]]).view(1, 2, 1, 4)
    metrics.update(StudentOutput(logits=logits, std=std), torch.tensor([[0, 0, 0, 1]]).byte())
    assert metrics.segmentation(('a', 'b'), 0.5).munc == pytest.approx((0.2 + 0.4) / 2)


def test_each_model_has_the_threshold_of_its_own_scale() -> None:
    logits, labels = _pixels(1000)
    frame = LabelledFrame(
        image=np.zeros((20, 50, 3), np.uint8), labels=labels.view(20, 50).numpy(), name='a', sequence='s'
    )
    shift = torch.tensor([[0.0], [2.0]])
    models = [
        EvaluatedModel(name=name, network=lambda _, given=given: _output(given), served='msp', known=WITHOUT_STD)
        for name, given in (('student', logits), ('teacher', logits + shift))
    ]
    student, teacher = with_thresholds(models, [frame])
    odds = [np.log(model.foreground_above / (1 - model.foreground_above)) for model in (student, teacher)]
    assert odds[1] - odds[0] == pytest.approx(2.0, abs=0.02)
