# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accuracy and uncertainty patch by patch (Mukhoti and Gal 2018): nobody acts on a single pixel."""

import torch
from torch import Tensor
from torch.nn import functional

from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.evaluation.results import Confidence

WINDOW = 2
"""Pixels that a patch is high and wide; patches do not overlap."""
ACCURATE = 0.5
"""A patch is accurate if more than this share of its pixels is correct."""


class PatchMetrics:
    """Patches of a whole set by their mean uncertainty; memory does not grow with them.

    Pixels to ignore are no part of a patch, and a patch of nothing else counts nowhere. At the lower and right border
    what is less than a patch is left out.
    """

    def __init__(self) -> None:
        self.ranking = Ranking()

    def update(self, uncertainty: Tensor, wrong: Tensor, valid: Tensor) -> None:
        """Float and bool (N,) of the valid pixels of one image, in order, and which (H, W) those are."""
        maps = torch.zeros(3, *valid.shape, device=valid.device)
        maps[0, valid], maps[1, valid], maps[2, valid] = uncertainty.float(), wrong.float(), 1.0
        if min(valid.shape) < WINDOW:
            return
        sums, errors, pixels = functional.avg_pool2d(maps, WINDOW, divisor_override=1).flatten(1)
        seen = pixels > 0
        self.ranking.update(sums[seen] / pixels[seen], errors[seen] >= (1.0 - ACCURATE) * pixels[seen])

    def confidence(self, threshold: float) -> Confidence:
        """With patches as uncertain whose mean uncertainty is above the threshold."""
        return conditional_probabilities(self.ranking, threshold)


def conditional_probabilities(ranking: Ranking, threshold: float) -> Confidence:
    """Of pixels or patches that are ranked by uncertainty, inaccurate ones being the positives."""
    (accurate_certain, inaccurate_certain), (accurate_uncertain, inaccurate_uncertain) = ranking.split(threshold)
    certain, inaccurate = accurate_certain + inaccurate_certain, inaccurate_certain + inaccurate_uncertain
    right, everything = accurate_certain + inaccurate_uncertain, certain + accurate_uncertain + inaccurate_uncertain
    return Confidence(
        threshold=threshold,
        p_accurate_certain=_share(accurate_certain, certain),
        p_uncertain_inaccurate=_share(inaccurate_uncertain, inaccurate),
        pavpu=_share(right, everything),
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float('nan')
