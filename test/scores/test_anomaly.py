# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The anomaly score: standardised terms, weighted and added, and what share of nominal pixels it exceeds."""

import pytest
import torch

from uncd_ros.errors import ConfigError
from uncd_ros.network.coarse import CoarseMaps
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.anomaly import LEVELS, AnomalyScore, AnomalyTerm, anomaly_scores, describe
from uncd_ros.scores.pixel import energy

QUANTILES = tuple(float(k) for k in range(1, LEVELS + 1))
ENERGY = AnomalyTerm(mean=-3.0, std=2.0, weight=1.0)


def _maps() -> CoarseMaps:
    torch.manual_seed(0)
    return CoarseMaps(logits=torch.randn(1, 4, 5, 6), std=torch.rand(1, 1, 5, 6) / 2, distance=torch.rand(1, 5, 6))


def _output(coarse: CoarseMaps | None) -> StudentOutput:
    return StudentOutput(logits=torch.randn(1, 4, 10, 12), std=torch.rand(1, 4, 10, 12) / 2, coarse=coarse)


def _energy(maps: CoarseMaps) -> torch.Tensor:
    return energy(StudentOutput(logits=maps.logits, std=maps.std))


def test_the_score_is_the_sum_of_its_standardised_terms() -> None:
    maps = _maps()
    terms = {'energy': ENERGY, 'feature_distance': AnomalyTerm(mean=0.5, std=0.25, weight=2.0)}
    score = AnomalyScore(terms=terms, quantiles=QUANTILES)
    expected = (_energy(maps) + 3.0) / 2.0 + 2.0 * (maps.distance - 0.5) / 0.25
    torch.testing.assert_close(score.score(maps), expected)
    assert score.needed == 'without_std'
    assert describe(score.weights) == 'energy + 2 feature_distance'


def test_levels_are_the_share_of_nominal_pixels_below() -> None:
    score = AnomalyScore(terms={'energy': ENERGY}, quantiles=QUANTILES)
    levels = score.levels(torch.tensor([[[-1e9, 0.5, 1.5, 250.5, 1e9]]]))
    assert levels.dtype == torch.uint8 and levels.flatten().tolist() == [0, 0, 1, 250, 255]


def test_of_three_terms_each_may_be_left_out() -> None:
    maps = _maps()
    output = _output(maps)
    terms = dict.fromkeys(('energy', 'log_std', 'feature_distance'), ENERGY)
    scores = anomaly_scores(output, ('msp',), AnomalyScore(terms=terms, quantiles=QUANTILES))
    assert next(iter(scores)) == 'served'
    left_out = {'without_energy', 'without_log_std', 'without_feature_distance'}
    assert left_out | {'served', 'energy', 'log_std', 'feature_distance', 'msp', 'neg_max_logit'} == set(scores)
    torch.testing.assert_close(scores['served'] - scores['without_energy'], (_energy(maps) + 3.0) / 2.0)
    torch.testing.assert_close(scores['energy'], energy(output))
    assert set(anomaly_scores(output, ('msp',))) == {'msp', 'neg_max_logit', 'energy'}


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        ({'terms': {}}, 'anomaly.terms has nothing'),
        ({'terms': {'odour': ENERGY}}, 'anomaly.terms has odour'),
        ({'quantiles': QUANTILES[:-1]}, 'has 254 values, expected 255'),
        ({'quantiles': QUANTILES[::-1]}, 'that ascend'),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        AnomalyScore(**{'terms': {'energy': ENERGY}, 'quantiles': QUANTILES} | change)
