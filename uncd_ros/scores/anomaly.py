# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Anomaly scores of a pixel, computed from one pass; higher is more unlike anything that was trained on.

An uncertainty asks whether a label is wrong, an anomaly score whether a thing is unknown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncd_ros.checks import check_range
from uncd_ros.errors import ConfigError
from uncd_ros.network.coarse import CoarseMaps, CoarseTerms
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.pixel import energy, neg_max_logit, pixel_uncertainty

LEVELS = 255
"""Steps of an anomaly image above 0."""
TERM_MAX = 1e6
"""Largest magnitude of the mean and std of a term, and of a quantile."""

OF_LOGITS = {'neg_max_logit': neg_max_logit, 'energy': energy}
"""Anomaly scores that every network has beside its uncertainties; name -> function giving (B, h, w)."""
SERVED, WITHOUT = 'served', 'without_'
"""Name of the score that a model serves, and prefix of what is left of it without one of its terms."""


def coarse_energy(maps: CoarseMaps) -> Tensor:
    """As `energy`, of the coarse logits."""
    return -maps.logits.logsumexp(dim=1)


def log_std(maps: CoarseMaps) -> Tensor:
    """Logarithm of the mean over classes of the predicted std; its scale is relative, as that of a logit is."""
    return maps.std[:, 0].clamp_min(1e-6).log()


def feature_distance(maps: CoarseMaps) -> Tensor:
    """Distance of the decoder's features to the nearest class mean."""
    return maps.distance


TERMS: dict[str, Callable[[CoarseMaps], Tensor]] = {
    'energy': coarse_energy,
    'log_std': log_std,
    'feature_distance': feature_distance,
}
"""What an anomaly score may be made of; name -> function giving (B, h, w)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyTerm:
    """One summand of the score: weight x (value - mean) / std."""

    mean: float
    """Over the calibration pixels."""
    std: float
    """Likewise; above 0."""
    weight: float
    """Above 0, at most 100."""

    def __post_init__(self) -> None:
        check_range('anomaly.terms.mean', self.mean, -TERM_MAX, TERM_MAX)
        check_range('anomaly.terms.std', self.std, 1e-9, TERM_MAX)
        check_range('anomaly.terms.weight', self.weight, 1e-9, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyScore:
    """The anomaly score of a model, a weighted sum of standardised terms, and what it was on nominal pixels."""

    terms: dict[str, AnomalyTerm]
    """Keys of TERMS; one or more."""
    quantiles: tuple[float, ...]
    """LEVELS scores, ascending: k / 256 of the calibration pixels, k = 1, 2, ..., are at or below the k-th."""

    def __post_init__(self) -> None:
        if unknown := sorted(self.terms.keys() - TERMS.keys()) or not self.terms:
            found = ', '.join(unknown) if isinstance(unknown, list) else 'nothing'
            raise ConfigError(f'anomaly.terms has {found}, expected some of {", ".join(TERMS)}')
        if len(self.quantiles) != LEVELS or list(self.quantiles) != sorted(self.quantiles):
            raise ConfigError(f'anomaly.quantiles has {len(self.quantiles)} values, expected {LEVELS} that ascend')
        for quantile in (self.quantiles[0], self.quantiles[-1]):
            check_range('anomaly.quantiles', quantile, -TERM_MAX, TERM_MAX)

    @property
    def weights(self) -> dict[str, float]:
        """Of the terms, by name."""
        return {name: term.weight for name, term in self.terms.items()}

    @property
    def needed(self) -> CoarseTerms:
        """What it asks a pass for."""
        return 'all' if 'log_std' in self.terms else 'without_std'

    def standardised(self, maps: CoarseMaps) -> dict[str, Tensor]:
        """Each term with its weight, (B, h, w)."""
        return {name: (TERMS[name](maps) - term.mean) * (term.weight / term.std) for name, term in self.terms.items()}

    def score(self, maps: CoarseMaps) -> Tensor:
        """(B, h, w) float, higher is more anomalous."""
        return torch.stack(list(self.standardised(maps).values())).sum(dim=0)

    def levels(self, score: Tensor) -> Tensor:
        """(B, h, w) -> uint8, 255 x (1 - p): the share of the calibration pixels that are less anomalous."""
        return torch.bucketize(score, torch.tensor(self.quantiles, device=score.device)).byte()


def enlarged_levels(score: AnomalyScore, values: Tensor, size: Sequence[int]) -> NDArray[np.uint8]:
    """(h, w) scores -> (H, W) levels. Levels are enlarged, not scores: so few pixels have to be looked up."""
    levels = score.levels(values).cpu().numpy()
    return np.asarray(cv2.resize(levels, (size[1], size[0]), interpolation=cv2.INTER_LINEAR), np.uint8)


def describe(weights: Mapping[str, float]) -> str:
    """'energy + 0.5 log_std'."""
    return ' + '.join(name if weight == 1.0 else f'{weight:g} {name}' for name, weight in weights.items() if weight)


def anomaly_scores(
    output: StudentOutput, uncertainties: Iterable[str], served: AnomalyScore | None = None
) -> dict[str, Tensor]:
    """Name -> (B, h, w) of every candidate, that of the model first, each at the scale at which it is computed.

    The others are its terms alone, it without each of them, the uncertainties that mean something in this network, and
    OF_LOGITS.
    """
    scores = {
        **{name: pixel_uncertainty(name, output) for name in uncertainties},
        **{name: compute(output) for name, compute in OF_LOGITS.items()},
    }
    if served is None or output.coarse is None:
        return scores
    terms = served.standardised(output.coarse)
    whole = torch.stack(list(terms.values())).sum(dim=0)
    parts = {f'{WITHOUT}{name}': whole - values for name, values in terms.items() if len(terms) > 2}
    return {SERVED: whole, **parts, **terms, **scores}
