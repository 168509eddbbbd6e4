# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Unknown objects before networks whose scores are known."""

import numpy as np
import pytest
import torch
from torch import Tensor

from uncd_ros.evaluation.anomaly_evaluator import AnomalySet, evaluate_anomalies
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import EvaluatedModel
from uncd_ros.network.student import StudentOutput

ROAD = 0


def _network(images: Tensor) -> StudentOutput:
    """Red says how sure it is of the road; blue makes it something else. At half the size of the image."""
    red, blue = (images[:, channel, ::2, ::2].float() / 25.5 for channel in (0, 2))
    logits = torch.stack([red, blue], dim=1)
    return StudentOutput(logits=logits, std=logits[:, :0])


def _sure_of_all(images: Tensor) -> StudentOutput:
    logits = torch.ones(1, 2, *images.shape[2:])
    return StudentOutput(logits=logits, std=logits[:, :0])


def _model(name: str, network: object) -> EvaluatedModel:
    return EvaluatedModel(name=name, network=network, served='msp', known=('entropy', 'msp'))  # type: ignore[arg-type]


def _frame(number: int) -> LabelledFrame:
    """A road under a sky of another class; on the road a pale object, and another object in the sky."""
    image, labels = np.zeros((80, 120, 3), np.uint8), np.zeros((80, 120), np.uint8)
    image[40:, :, 0], image[:40, :, 2] = 250, 200
    image[50:70, 20:40, 0] = 60
    image[10:20, 20:40, 2] = 250
    labels[50:70, 20:40] = labels[10:20, 20:40] = 1
    labels[:, 110:] = 255
    return LabelledFrame(image=image, labels=labels, name=str(number), sequence='a')


@pytest.fixture(scope='module')
def found() -> AnomalySet:
    frames = [_frame(number) for number in range(3)]
    models = [_model('student', _network), _model('baseline', _sure_of_all)]
    return evaluate_anomalies(frames, frames, models, [ROAD], [0, 2])


def test_the_object_on_the_road_is_found_and_the_one_in_the_sky_is_lost_to_the_region(found: AnomalySet) -> None:
    student = found.results['student']
    assert student.images == 3
    assert set(student.score) == set(student.components) == {'entropy', 'msp', 'neg_max_logit', 'energy'}
    assert student.drivable.share == pytest.approx(400 / 600)
    energy = student.drivable.score['energy']
    assert energy.ap > 0.95 and energy.auroc > 0.99 and energy.fpr95 < 0.02
    assert student.score['energy'].ap < 0.8  # the sky's is what the network is most sure of
    things = student.drivable.components['energy']
    assert things.siou > 0.8 and things.ppv > 0.8 and things.f1 > 0.9


def test_a_score_that_is_everywhere_the_same_says_nothing(found: AnomalySet) -> None:
    baseline = found.results['baseline']
    assert baseline.score['energy'].auroc == 0.5
    valid, anomalous = 80 * 110, 600
    assert baseline.score['energy'].ap == pytest.approx(anomalous / valid)
    # The region is the first model's: all are compared on the same pixels.
    assert baseline.drivable.share == found.results['student'].drivable.share


def test_examples_and_curves_are_the_first_models(found: AnomalySet) -> None:
    assert [each.frame.name for each in found.examples] == ['0', '2']
    assert found.examples[0].scores['energy'].shape == (80, 120)
    assert found.examples[0].region[60, 60] and not found.examples[0].region[10, 30]
    recall, precision = found.curves['drivable']['energy']
    assert recall[0] == 0.0 and recall[-1] == 1.0 and precision[50] > 0.99
