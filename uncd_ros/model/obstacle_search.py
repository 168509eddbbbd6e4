# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a prediction to the obstacles in its image, as the model card has it; the same in node and evaluation."""

from uncd_ros.model.card import ModelCard
from uncd_ros.model.predictor import Prediction
from uncd_ros.obstacles.params import ObstacleParams
from uncd_ros.obstacles.tracker import Obstacle, ObstacleTracker


def find_obstacles(
    tracker: ObstacleTracker, prediction: Prediction | None, card: ModelCard, params: ObstacleParams, *, is_ood: bool
) -> tuple[Obstacle, ...] | None:
    """Those in the next image of the tracker's camera; None where nobody looked, or nothing could be seen.

    While the flag is up, `is_ood`, none appears: in fog everything is odd. One that has appeared before is followed,
    for it may be what raised the flag.
    """
    if prediction is None or prediction.anomaly is None or card.anomaly is None:
        tracker.reset()
        return None
    params = params.of_model(card.anomaly.level, card.anomaly.smallest)
    return tracker.update(prediction.labels, prediction.anomaly, card.drivable_ids, params, may_appear=not is_ood)
