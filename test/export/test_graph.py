# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The graph that is exported gives what the predictor gives, whatever a model serves."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from uncd_ros.export.graph import ServedNetwork
from uncd_ros.model.card import UncertaintySpec
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.scores.anomaly import enlarged_levels
from uncd_ros.scores.image import IMAGE_SCORES
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES
from uncd_ros.street.drive import StreetDrive

RANKED = {'median', 'median_min_over_max', 'upper_quantile'}
"""Scores that need an order of the pixels, which the graph does not have."""
SCENE = StreetDrive(height=48, width=64).scene(7).image


@pytest.mark.parametrize('score', IMAGE_SCORES)
@pytest.mark.parametrize('uncertainty', PIXEL_UNCERTAINTIES)
def test_it_gives_what_the_predictor_gives(tiny_model: Path, uncertainty: str, score: str) -> None:
    stored = load_model(tiny_model)
    spec = UncertaintySpec(
        name=uncertainty, upper=PIXEL_UNCERTAINTIES[uncertainty].upper, candidates={uncertainty: 'as it says'}
    )
    stored = replace(stored, card=replace(stored.card, uncertainty=spec, image_score=score))
    expected = Predictor(stored, device='cpu').predict(SCENE, confidence=True)
    network = ServedNetwork(stored).eval()
    with torch.inference_mode():
        values = network(torch.from_numpy(SCENE[None]))
    found = dict(zip(network.output_names, values, strict=True))
    assert expected.confidence is not None
    np.testing.assert_array_equal(found['labels'][0], expected.labels)
    # The tiny model's curve is so steep that the last digit of a log-odds may move a pixel by a point of the table.
    assert np.mean(found['confidence'][0].numpy() == expected.confidence) > 0.98
    np.testing.assert_allclose(found['uncertainty'][0], expected.uncertainty, rtol=1e-5, atol=1e-6)
    assert ('score' in found) == (score not in RANKED)
    if 'score' in found:
        assert float(found['score'][0]) == pytest.approx(expected.score, rel=1e-5, abs=1e-6)
    # What a letterboxed image needs, and no more.
    assert ('score_map' in found) == (score in ('neg_max_logit', 'energy', 'energy_mahalanobis'))
    assert ('distance' in found) == (score in ('mahalanobis', 'energy_mahalanobis'))


def test_a_model_with_an_anomaly_score_has_it_as_an_output_more(anomaly_model: Path, tiny_model: Path) -> None:
    stored = load_model(anomaly_model)
    network, without = ServedNetwork(stored).eval(), ServedNetwork(load_model(tiny_model)).eval()
    with torch.inference_mode():
        values = network(torch.from_numpy(SCENE[None]))
        without(torch.from_numpy(SCENE[None]))
    assert network.output_names == (*without.output_names, 'anomaly')
    assert stored.card.anomaly is not None
    expected = Predictor(stored, device='cpu').predict(SCENE, anomaly=True).anomaly
    found = enlarged_levels(stored.card.anomaly.score, values[-1][0], SCENE.shape[:2])
    assert expected is not None and np.ptp(expected) > 0
    np.testing.assert_allclose(found, expected, atol=1)
