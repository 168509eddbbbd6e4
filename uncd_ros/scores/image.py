# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a whole image, computed from one pass; higher is more anomalous.

Which of them a model gives is chosen on calibration data and named in its model.json.
"""

import math
from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.pixel import energy, neg_max_logit


def _median(uncertainty: Tensor) -> Tensor:
    return uncertainty.flatten(1).median(dim=1).values


def _median_min_over_max(uncertainty: Tensor) -> Tensor:
    flat = uncertainty.flatten(1)
    return (_median(uncertainty) + flat.amin(dim=1)) / flat.amax(dim=1).clamp(min=1e-6)


def _upper_quantile(uncertainty: Tensor) -> Tensor:
    flat = uncertainty.flatten(1)
    return flat.kthvalue(math.ceil(0.95 * flat.shape[1]), dim=1).values


def _worst_patch(uncertainty: Tensor) -> Tensor:
    # Patches an eighth of the image high and wide, half overlapping.
    size = (max(1, uncertainty.shape[1] // 8), max(1, uncertainty.shape[2] // 8))
    stride = (max(1, size[0] // 2), max(1, size[1] // 2))
    return functional.avg_pool2d(uncertainty[:, None], size, stride).flatten(1).amax(dim=1)


OF_UNCERTAINTY: dict[str, Callable[[Tensor], Tensor]] = {
    'mean': lambda uncertainty: uncertainty.flatten(1).mean(dim=1),
    'median': _median,
    'median_min_over_max': _median_min_over_max,
    'upper_quantile': _upper_quantile,
    'worst_patch': _worst_patch,
}
"""Scores of the model's uncertainty, (B, h, w) -> (B,)."""

OF_LOGITS: dict[str, Callable[[StudentOutput], Tensor]] = {'neg_max_logit': neg_max_logit, 'energy': energy}
"""Means of a map of the logits, output -> (B, h, w); negated, so that higher is more anomalous."""

MAHALANOBIS = 'mahalanobis'
OF_FEATURES = {MAHALANOBIS: None, 'energy_mahalanobis': 'energy'}
"""Scores for which a pass must give features: their Mahalanobis distance, and the score of the logits added to it.

Energy rises on images that are hard to label, the distance on images whose features differ from the training frames;
each misses some of what the other detects. Calibration scales the distance to the energy, so the two can be added.
"""

IMAGE_SCORES = (*OF_UNCERTAINTY, *OF_LOGITS, *OF_FEATURES)
"""Names of the scores that a model may give, the simplest first."""

COMPARISON_SCORES: dict[str, Callable[[Tensor], Tensor]] = {
    'min': lambda uncertainty: uncertainty.flatten(1).amin(dim=1),
    'max': lambda uncertainty: uncertainty.flatten(1).amax(dim=1),
}
"""Two more scores of Holder and Shafique, of a single pixel each; reported for comparison only."""


def mahalanobis(output: StudentOutput) -> Tensor:
    """Mahalanobis distance of the deepest features to the training frames (Lee et al. 2018): |(f - mean) W|.

    (B,); NaN where the pass gave no features.
    """
    missing = output.logits.new_full(output.logits.shape[:1], math.nan)
    return missing if output.features is None else output.features.norm(dim=1)


def image_score(name: str, output: StudentOutput, uncertainty: Tensor) -> Tensor:
    """(B,) float, higher is more anomalous, by a name in IMAGE_SCORES or COMPARISON_SCORES; `uncertainty` is (B, h, w).

    A score of features is NaN where the pass gave none.
    """
    distance = mahalanobis(output) if name in OF_FEATURES else None
    return reduce_score(name, score_map(name, output, uncertainty), distance)


def score_map(name: str, output: StudentOutput, uncertainty: Tensor) -> Tensor | None:
    """(B, h, w), of whose pixels the score of this name is made; None for a score of features alone."""
    of_logits = OF_FEATURES.get(name, name)
    if of_logits is None:
        return None
    return OF_LOGITS[of_logits](output) if of_logits in OF_LOGITS else uncertainty


def reduce_score(name: str, pixels: Tensor | None, distance: Tensor | None) -> Tensor:
    """(B,) from what `score_map` gives, or the part of it that shows the scene, and the (B,) distance of features."""
    if pixels is None:
        assert distance is not None
        return distance
    score = (OF_UNCERTAINTY | COMPARISON_SCORES).get(name, OF_UNCERTAINTY['mean'])(pixels)
    return score if distance is None else score + distance
