# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a planner gets while the flag is up, and which confidence is not even computed."""

import numpy as np
import pytest

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.model.fit import Area
from uncd_ros.model.predictor import Prediction
from uncd_ros.node.params import ON_OOD
from uncd_ros.node.planner_images import needs_confidence, planner_images


def prediction(*, confidence: bool = True) -> Prediction:
    """Of an image of three pixels, the first of which is in doubt."""
    return Prediction(
        labels=np.asarray([[0, 1, 2]], np.uint8),
        uncertainty=np.asarray([[0.4, 0.1, 0.1]], np.float32),
        score=0.2,
        confidence=np.asarray([[50, 200, 250]], np.uint8) if confidence else None,
        seen=Area(top=0, left=0, height=1, width=3),
    )


@pytest.mark.parametrize('on_ood', ON_OOD)
def test_while_the_flag_is_down_all_is_as_predicted(on_ood: str) -> None:
    images = planner_images(prediction(), on_ood=on_ood, is_ood=False, abstain_confidence=0.0)
    assert images is not None and images.confidence is not None
    assert (images.labels.tolist(), images.confidence.tolist()) == ([[0, 1, 2]], [[50, 200, 250]])
    images = planner_images(prediction(), on_ood=on_ood, is_ood=False, abstain_confidence=0.5)
    assert images is not None and images.labels.tolist() == [[IGNORE_INDEX, 1, 2]]


def test_keep_lets_the_flag_change_nothing() -> None:
    images = planner_images(prediction(), on_ood='keep', is_ood=True, abstain_confidence=0.5)
    assert images is not None and images.confidence is not None
    assert (images.labels.tolist(), images.confidence.tolist()) == ([[IGNORE_INDEX, 1, 2]], [[50, 200, 250]])


@pytest.mark.parametrize('computed', [True, False])
def test_no_confidence_is_0_everywhere_and_a_mask_that_abstains_does_so_everywhere(computed: bool) -> None:
    predicted = prediction(confidence=computed)
    images = planner_images(predicted, on_ood='no_confidence', is_ood=True, abstain_confidence=0.0)
    assert images is not None and images.confidence is not None
    assert (images.labels.tolist(), images.confidence.tolist()) == ([[0, 1, 2]], [[0, 0, 0]])
    assert images.uncertainty is predicted.uncertainty
    images = planner_images(predicted, on_ood='no_confidence', is_ood=True, abstain_confidence=0.1)
    assert images is not None and images.labels.tolist() == [[IGNORE_INDEX] * 3]
    assert predicted.labels.tolist() == [[0, 1, 2]]  # which the overlay shows


def test_stop_publishes_nothing() -> None:
    assert planner_images(prediction(), on_ood='stop', is_ood=True, abstain_confidence=0.0) is None


def test_a_mask_never_keeps_labels_of_a_confidence_that_is_not_known() -> None:
    images = planner_images(prediction(confidence=False), on_ood='no_confidence', is_ood=False, abstain_confidence=0.1)
    assert images is not None and images.confidence is None
    assert images.labels.tolist() == [[IGNORE_INDEX] * 3]


@pytest.mark.parametrize('on_ood', ON_OOD)
@pytest.mark.parametrize('stays_up', [True, False])
@pytest.mark.parametrize(('is_wanted', 'level'), [(True, 0.0), (False, 0.5), (False, 0.0)])
def test_only_a_confidence_that_is_used_is_computed(on_ood: str, stays_up: bool, is_wanted: bool, level: float) -> None:
    needed = needs_confidence(on_ood=on_ood, stays_up=stays_up, is_wanted=is_wanted, abstain_confidence=level)
    assert needed == ((is_wanted or level > 0.0) and (on_ood == 'keep' or not stays_up))
