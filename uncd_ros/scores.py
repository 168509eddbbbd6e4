# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be read off one pass: uncertainties a pixel, strangeness scores an image.

Which of them a model serves is chosen on calibration data and named in its model.json.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from uncd_ros.student import StdMaps, StudentOutput


def mean_std(output: StudentOutput) -> Tensor:
    """Mean over classes of the predicted std (Holder and Shafique, eq. 8), in [0, 0.5]."""
    return output.std.mean(dim=1)


def predicted_std(output: StudentOutput) -> Tensor:
    """Predicted std of the predicted class, in [0, 0.5]; not diluted by the classes that nobody proposed."""
    return output.std.gather(1, output.labels()[:, None]).squeeze(1)


def entropy(output: StudentOutput) -> Tensor:
    """Entropy of the class distribution over ln C, in [0, 1]; costs no ensemble, so it must be beaten."""
    log_p = torch.log_softmax(output.logits, dim=1)
    # In place, which no gradient ever passes: memory that is touched first costs more here than the arithmetic.
    return log_p.exp().mul_(log_p).sum(dim=1).div_(-math.log(output.logits.shape[1]))


def softmax_doubt(output: StudentOutput) -> Tensor:
    """1 - max_c p_c, in [0, 1]; below 6e-8, where p rounds to 1, it is 0."""
    return 1.0 - torch.softmax(output.logits, dim=1).amax(dim=1)


def log_odds(output: StudentOutput) -> Tensor:
    """(B, h, w) ln(p / (1 - p)) of the predicted class, at most 87: the least positive float is e^-87.

    1 - p is summed over the other classes, each relative to the predicted one, and so never rounded to 0.
    """
    top = output.logits.max(dim=1, keepdim=True)
    others = (output.logits - top.values).exp_().scatter_(1, top.indices, 0.0).sum(dim=1)
    return others.clamp_min_(torch.finfo(others.dtype).tiny).log_().neg_()


def low_logit(output: StudentOutput) -> Tensor:
    """-max_c logit_c, without bounds (Hendrycks et al. 2022)."""
    return -output.logits.amax(dim=1)


class PixelUncertainty(NamedTuple):
    """An uncertainty that a model may serve."""

    compute: Callable[[StudentOutput], Tensor]
    """Gives (B, h, w)."""
    upper: float
    """Upper end of its range; the lower end is 0."""
    std: StdMaps
    """What it needs of a pass."""


PIXEL_UNCERTAINTIES: dict[str, PixelUncertainty] = {
    'mean_std': PixelUncertainty(mean_std, 0.5, 'mean'),
    'predicted_std': PixelUncertainty(predicted_std, 0.5, 'classes'),
    'entropy': PixelUncertainty(entropy, 1.0, 'none'),
    'softmax': PixelUncertainty(softmax_doubt, 1.0, 'none'),
}
"""The paper's first."""

PIXEL_RIVALS: dict[str, Callable[[StudentOutput], Tensor]] = {'max_logit': low_logit}
"""For comparison alone, as it has no range; name -> function giving (B, h, w)."""


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
"""Scores read off the served uncertainty, (B, h, w) -> (B,)."""

OF_LOGITS: dict[str, Callable[[Tensor], Tensor]] = {
    'max_logit': lambda logits: -logits.amax(dim=1).flatten(1).mean(dim=1),
    'energy': lambda logits: -torch.logsumexp(logits, dim=1).flatten(1).mean(dim=1),
}
"""Scores read off the logits, (B, C, h, w) -> (B,); negated, so that higher is stranger."""


def feature_distance(output: StudentOutput) -> Tensor:
    """Mahalanobis distance of the deepest features to those of the training frames (Lee et al. 2018); NaN without."""
    lacking = output.logits.new_full(output.logits.shape[:1], math.nan)
    return lacking if output.features is None else output.features.norm(dim=1)


OF_FEATURES: dict[str, Callable[[StudentOutput], Tensor]] = {
    'feature_distance': feature_distance,
    'energy_and_features': lambda output: OF_LOGITS['energy'](output.logits) + feature_distance(output),
}
"""Scores for which a pass must give features, output -> (B,).

Energy sees what is hard to label, the distance what the encoder has never met, and each is blind to some of what the
other sees. Calibration gives both one scale, on which their sum is a score of its own.
"""

IMAGE_SCORES = (*OF_UNCERTAINTY, *OF_LOGITS, *OF_FEATURES)
"""What a model may serve, the plainest first."""

IMAGE_RIVALS: dict[str, Callable[[Tensor], Tensor]] = {
    'min': lambda uncertainty: uncertainty.flatten(1).amin(dim=1),
    'max': lambda uncertainty: uncertainty.flatten(1).amax(dim=1),
}
"""The paper's other two scores of the uncertainty, a single pixel each: for comparison alone."""


def pixel_uncertainty(name: str, output: StudentOutput) -> Tensor:
    """(B, h, w) float, by a name in PIXEL_UNCERTAINTIES or PIXEL_RIVALS."""
    return PIXEL_RIVALS[name](output) if name in PIXEL_RIVALS else PIXEL_UNCERTAINTIES[name].compute(output)


def image_score(name: str, output: StudentOutput, uncertainty: Tensor) -> Tensor:
    """(B,) float, higher is stranger, by a name in IMAGE_SCORES or IMAGE_RIVALS; `uncertainty` is (B, h, w).

    NaN is the distance of features that the network does not have.
    """
    if name in OF_LOGITS:
        return OF_LOGITS[name](output.logits)
    if name in OF_FEATURES:
        return OF_FEATURES[name](output)
    return (OF_UNCERTAINTY | IMAGE_RIVALS)[name](uncertainty)
