# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the flag does to the images that a planner acts on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.model.predictor import Prediction
from uncd_ros.scores.confidence import abstain


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerImages:
    """What a planner gets of one camera image, (H, W) each."""

    labels: NDArray[np.uint8]
    """Label ids; `IGNORE_INDEX` where the node abstains."""
    uncertainty: NDArray[np.float32]
    confidence: NDArray[np.uint8] | None
    """255 x P(label is right); None where nobody asked for it in time."""


def planner_images(
    prediction: Prediction, *, on_ood: str, is_ood: bool, abstain_confidence: float
) -> PlannerImages | None:
    """The images to publish for a prediction; None if none are. `on_ood` is as in NodeParams.

    Abstains in `prediction.labels` itself, which the overlay then shows, but where no pixel has any confidence: there
    the mask is of one value, and the overlay goes on to show people what the network sees.
    """
    if is_ood and on_ood == 'stop':
        return None
    labels, confidence = prediction.labels, prediction.confidence
    if is_ood and on_ood == 'no_confidence':
        confidence = np.zeros_like(labels)
    if abstain_confidence > 0.0:
        if confidence is prediction.confidence and confidence is not None:
            abstain(labels, confidence, abstain_confidence)
        else:
            labels = np.full_like(labels, IGNORE_INDEX)
    return PlannerImages(labels=labels, uncertainty=prediction.uncertainty, confidence=confidence)


def needs_confidence(*, on_ood: str, stays_up: bool, is_wanted: bool, abstain_confidence: float) -> bool:
    """Whether the confidence of the next image must be computed.

    `is_wanted` is whether anybody subscribes to it, `stays_up` whether the flag is up, whatever the image shows.
    """
    return (is_wanted or abstain_confidence > 0.0) and not (stays_up and on_ood != 'keep')
