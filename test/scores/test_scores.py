# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Uncertainties and image scores against answers known in closed form."""

import math

import pytest
import torch

from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.image import COMPARISON_SCORES, IMAGE_SCORES, image_score
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, log_odds, pixel_uncertainty


def _output(logits: list[float], std: list[float]) -> StudentOutput:
    """One image of 2x3 pixels, all alike."""
    shape = (1, len(logits), 2, 3)
    return StudentOutput(
        logits=torch.tensor(logits).view(1, -1, 1, 1).expand(shape),
        std=torch.tensor(std).view(1, -1, 1, 1).expand(shape),
    )


def test_entropy_of_equal_classes_is_one_and_of_a_sure_class_zero() -> None:
    torch.testing.assert_close(pixel_uncertainty('entropy', _output([3.0] * 4, [0.0] * 4)), torch.ones(1, 2, 3))
    assert pixel_uncertainty('entropy', _output([99.0, 0, 0, 0], [0.0] * 4)).max() < 1e-6


def test_predicted_std_is_that_of_the_predicted_class() -> None:
    output = _output([0.0, 5.0, 1.0], [0.1, 0.4, 0.2])
    torch.testing.assert_close(pixel_uncertainty('predicted_std', output), torch.full((1, 2, 3), 0.4))


def test_mean_std_is_the_mean_over_classes() -> None:
    output = _output([0.0, 5.0, 1.0], [0.1, 0.3, 0.2])
    torch.testing.assert_close(pixel_uncertainty('mean_std', output), torch.full((1, 2, 3), 0.2))


def test_msp_uncertainty_is_what_the_other_classes_share() -> None:
    output = _output([math.log(3.0), 0.0, 0.0], [0.0] * 3)
    torch.testing.assert_close(pixel_uncertainty('msp', output), torch.full((1, 2, 3), 0.4))


def test_neg_max_logit_may_be_negative() -> None:
    output = _output([40.0, 0.0, 0.0], [0.0] * 3)
    torch.testing.assert_close(pixel_uncertainty('neg_max_logit', output), torch.full((1, 2, 3), -40.0))


def test_the_worst_patch_is_an_eighth_of_the_image_and_the_quantile_leaves_out_a_twentieth() -> None:
    uncertainty = torch.zeros(1, 16, 32)
    uncertainty[0, 7:9, 14:18] = 0.4
    uncertainty[0, 0, 0] = 1.0  # one pixel moves neither
    output = _output([0.0], [0.0])
    assert float(image_score('worst_patch', output, uncertainty)) == pytest.approx(0.4)
    assert float(image_score('upper_quantile', output, uncertainty)) == 0.0


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('mean', 0.2),
        ('median', 0.1),
        ('median_min_over_max', (0.1 + 0.0) / 0.5),
        ('upper_quantile', 0.5),
        ('worst_patch', 0.5),
        ('min', 0.0),
        ('max', 0.5),
        ('neg_max_logit', -2.0),
        ('energy', -(2.0 + math.log(1 + math.exp(-2.0)))),
    ],
)
def test_image_scores(name: str, expected: float) -> None:
    uncertainty = torch.tensor([[[0.0, 0.1, 0.1], [0.0, 0.5, 0.5]]])
    score = image_score(name, _output([0.0, 2.0], [0.0, 0.0]), uncertainty)
    assert score.tolist() == pytest.approx([expected], rel=1e-5)


def test_log_odds_are_those_of_the_softmax_and_stay_exact_where_it_rounds_to_one() -> None:
    p = torch.softmax(torch.tensor([1.0, 3.0, 2.0], dtype=torch.float64), dim=0)[1]
    found = log_odds(_output([1.0, 3.0, 2.0], [0.0] * 3).others)
    torch.testing.assert_close(found, torch.full((1, 2, 3), float(torch.logit(p))))
    # ln(e^40 / 2): in float32 1 - p is 0 there.
    torch.testing.assert_close(
        log_odds(_output([40.0, 0.0, 0.0], [0.0] * 3).others), torch.full((1, 2, 3), 40.0 - math.log(2))
    )


def test_log_odds_have_an_end() -> None:
    found = log_odds(_output([1000.0, 0.0, 0.0], [0.0] * 3).others)
    torch.testing.assert_close(found, torch.full((1, 2, 3), 87.3365), rtol=1e-4, atol=0.0)


def test_mahalanobis_is_a_length_and_not_a_number_where_there_are_no_features() -> None:
    output = _output([0.0, 2.0], [0.0, 0.0])
    maps = torch.zeros(1, 2, 3)
    assert image_score('mahalanobis', output, maps).isnan().tolist() == [True]
    found = image_score('mahalanobis', output._replace(features=torch.tensor([[3.0, 4.0]])), maps)
    assert found.tolist() == [5.0]


def test_energy_mahalanobis_is_their_sum() -> None:
    output = _output([0.0, 2.0], [0.0, 0.0])._replace(features=torch.tensor([[3.0, 4.0]]))
    found = image_score('energy_mahalanobis', output, torch.zeros(1, 2, 3))
    assert found.item() == pytest.approx(5.0 - math.log(1.0 + math.exp(2.0)))


@pytest.mark.parametrize('name', [*IMAGE_SCORES, *COMPARISON_SCORES])
@pytest.mark.parametrize('uncertainty', PIXEL_UNCERTAINTIES)
def test_scores_of_a_batch_are_those_of_its_images(name: str, uncertainty: str) -> None:
    torch.manual_seed(0)
    output = StudentOutput(logits=torch.randn(3, 5, 8, 9), std=torch.rand(3, 5, 8, 9) / 2, features=torch.randn(3, 7))
    maps = pixel_uncertainty(uncertainty, output)
    batch = image_score(name, output, maps)
    single = [
        image_score(name, StudentOutput(*(each[i : i + 1] for each in output[:3])), maps[i : i + 1]) for i in range(3)
    ]
    torch.testing.assert_close(batch, torch.cat(single))
