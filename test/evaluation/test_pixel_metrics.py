# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One network before labelled frames: ignored counts nowhere, and what must be known is known."""

import math
from dataclasses import replace

import pytest
import torch

from uncd_ros.evaluation.pixel_metrics import ImageScores, PixelMetrics, to_size
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.pixel import COMPARISON_UNCERTAINTIES, PIXEL_UNCERTAINTIES

EVERYTHING = (*PIXEL_UNCERTAINTIES, *COMPARISON_UNCERTAINTIES)


def _sure_of(labels: torch.Tensor, std: float = 0.0) -> StudentOutput:
    """(H, W) ids of 3 classes -> an output that is nearly certain of them."""
    logits = 30.0 * torch.nn.functional.one_hot(labels.long(), 3).permute(2, 0, 1)[None].float()
    return StudentOutput(logits=logits, std=torch.full_like(logits, std))


def test_a_perfect_network() -> None:
    labels = torch.tensor([[0, 1, 2], [2, 1, 0]], dtype=torch.uint8)
    judge = PixelMetrics(3, EVERYTHING, 'predicted_std')
    judge.update(_sure_of(labels, std=0.1), labels)
    segmentation = judge.segmentation(['a', 'b', 'c'])
    assert (segmentation.miou, segmentation.pixel_accuracy) == (1.0, 1.0)
    assert segmentation.per_class['b'].mean_uncertainty == pytest.approx(0.1)
    calibrated = judge.calibrated()
    assert (calibrated.ece, calibrated.nll, calibrated.brier) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    assert judge.error_detection('entropy').aurc == 0.0
    assert math.isnan(judge.error_detection('entropy').auroc)  # nothing to find
    assert judge.confidence().p_accurate_certain == 1.0
    assert math.isnan(judge.confidence().p_uncertain_inaccurate)


def test_an_uncertainty_that_knows_every_error() -> None:
    labels = torch.tensor([[0, 1, 2, 2]], dtype=torch.uint8)
    output = _sure_of(torch.tensor([[0, 1, 2, 0]]))
    std = torch.tensor([0.1, 0.1, 0.1, 0.4]).expand(1, 3, 1, 4)
    judge = PixelMetrics(3, EVERYTHING, 'mean_std')
    judge.update(StudentOutput(logits=output.logits, std=std), labels)
    found = judge.error_detection('mean_std')
    assert (found.auroc, found.aupr, found.fpr95) == (1.0, 1.0, 0.0)
    assert found.aurc == pytest.approx((0 + 0 + 0 + 1 / 4) / 4)
    confidence = judge.confidence()
    assert confidence.threshold == pytest.approx(0.175, rel=1e-3)
    assert (confidence.p_accurate_certain, confidence.p_uncertain_inaccurate) == (1.0, 1.0)
    assert [point.pixel_accuracy for point in judge.retention.curve([0.0, 0.25])] == [0.75, 1.0]


def test_ignored_pixels_count_nowhere() -> None:
    torch.manual_seed(0)
    output = StudentOutput(logits=torch.randn(1, 3, 4, 6), std=torch.rand(1, 3, 4, 6) / 2)
    labels = torch.randint(0, 3, (4, 6), dtype=torch.uint8)
    whole, part = PixelMetrics(3, EVERYTHING, 'entropy'), PixelMetrics(3, EVERYTHING, 'entropy')
    ignored = labels.clone()
    ignored[:2] = 255
    whole.update(output, ignored)
    part.update(StudentOutput(logits=output.logits[:, :, 2:], std=output.std[:, :, 2:]), labels[2:])
    names = ['a', 'b', 'c']
    assert whole.segmentation(names) == part.segmentation(names)
    assert replace(whole.calibrated(), confidence_ece=0.0) == replace(part.calibrated(), confidence_ece=0.0)
    assert whole.retention.curve([0.1]) == part.retention.curve([0.1])
    for name in EVERYTHING:
        assert whole.error_detection(name) == part.error_detection(name)


def test_what_a_network_lacks_is_not_a_number() -> None:
    labels = torch.tensor([[0, 1, 2, 2]], dtype=torch.uint8)
    judge = PixelMetrics(3, ('entropy', 'msp', 'neg_max_logit'), 'entropy')
    judge.update(_sure_of(labels), labels)
    assert math.isnan(judge.segmentation(['a', 'b', 'c']).per_class['a'].mean_uncertainty)
    assert math.isnan(judge.error_detection('mean_std').aurc)


def test_labels_decide_the_size() -> None:
    output = _sure_of(torch.tensor([[0, 1], [2, 2]]))
    assert to_size(output, 2, 2) is output
    assert to_size(output, 8, 6).std.shape == (1, 3, 8, 6)
    judge = PixelMetrics(3, ('entropy',), 'entropy')
    judge.update(output, torch.tensor([[0, 0, 1, 1]] * 2 + [[2] * 4] * 2, dtype=torch.uint8))
    assert judge.segmentation(['a', 'b', 'c']).miou == 1.0


def test_image_scores_keep_the_order_of_the_images() -> None:
    scores = ImageScores('mean_std', ['mean', 'neg_max_logit'])
    for value in (0.1, 0.3):
        scores.update(_sure_of(torch.zeros(2, 2), std=value))
    assert scores.values['mean'] == pytest.approx([0.1, 0.3])
    assert scores.values['neg_max_logit'] == [-30.0, -30.0]
