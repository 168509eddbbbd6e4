# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Uncertainties of a pixel, computed from one pass; higher is more uncertain.

Which of them a model gives is chosen on calibration data and named in its model.json.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from uncd_ros.network.student import StdMaps, StudentOutput


def mean_std(output: StudentOutput) -> Tensor:
    """Mean over classes of the predicted std (Holder and Shafique, eq. 8), in [0, 0.5]."""
    return output.std.mean(dim=1)


def predicted_std(output: StudentOutput) -> Tensor:
    """Predicted std of the predicted class, in [0, 0.5]; classes that are not predicted do not dilute it."""
    return output.std.gather(1, output.labels()[:, None]).squeeze(1)


def entropy(output: StudentOutput) -> Tensor:
    """Entropy of the class distribution over ln C, in [0, 1]; needs no ensemble, so it is the baseline."""
    log_p = torch.log_softmax(output.logits, dim=1)
    # In place, which no gradient ever passes: memory that is touched first costs more here than the arithmetic.
    return log_p.exp().mul_(log_p).sum(dim=1).div_(-math.log(output.logits.shape[1]))


def msp_uncertainty(output: StudentOutput) -> Tensor:
    """1 - max_c p_c, in [0, 1] (Hendrycks and Gimpel 2017)."""
    return output.others / (1.0 + output.others)


def log_odds(others: Tensor) -> Tensor:
    """ln(p / (1 - p)) of the predicted class, of a pass's `others`; at most 87: the least positive float is e^-87."""
    return -others.clamp_min(torch.finfo(others.dtype).tiny).log()


def neg_max_logit(output: StudentOutput) -> Tensor:
    """-max_c logit_c, without bounds (Hendrycks et al. 2022)."""
    return -output.top[0]


def energy(output: StudentOutput) -> Tensor:
    """-ln sum_c exp(logit_c), without bounds (Liu et al. 2020)."""
    return -(output.top[0] + output.others.log1p())


class PixelUncertainty(NamedTuple):
    """An uncertainty that a model may give."""

    compute: Callable[[StudentOutput], Tensor]
    """Gives (B, h, w)."""
    upper: float
    """Upper end of its range; the lower end is 0."""
    std: StdMaps
    """Which std maps it needs from the pass."""


PIXEL_UNCERTAINTIES: dict[str, PixelUncertainty] = {
    'mean_std': PixelUncertainty(mean_std, 0.5, 'mean'),
    'predicted_std': PixelUncertainty(predicted_std, 0.5, 'classes'),
    'entropy': PixelUncertainty(entropy, 1.0, 'none'),
    'msp': PixelUncertainty(msp_uncertainty, 1.0, 'none'),
}
"""Name -> uncertainty; that of Holder and Shafique comes first."""

STDS = tuple(name for name, uncertainty in PIXEL_UNCERTAINTIES.items() if uncertainty.std != 'none')
"""Those that a network has only if it was taught a std, or is an ensemble."""
WITHOUT_STD = tuple(name for name in PIXEL_UNCERTAINTIES if name not in STDS)
"""Those that every network has."""

COMPARISON_UNCERTAINTIES: dict[str, Callable[[StudentOutput], Tensor]] = {'neg_max_logit': neg_max_logit}
"""Reported for comparison only, since it has no fixed range; name -> function giving (B, h, w)."""


def pixel_uncertainty(name: str, output: StudentOutput) -> Tensor:
    """(B, h, w) float, by a name in PIXEL_UNCERTAINTIES or COMPARISON_UNCERTAINTIES."""
    return (
        COMPARISON_UNCERTAINTIES[name](output)
        if name in COMPARISON_UNCERTAINTIES
        else PIXEL_UNCERTAINTIES[name].compute(output)
    )
