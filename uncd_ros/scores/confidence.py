# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The confidence image: the calibrated probability that a pixel's label is correct."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncd_ros.checks import check_range
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ConfigError
from uncd_ros.scores.pixel import log_odds

MOST_POINTS = 256
"""Of a curve's table."""
WEIGHT_MAX = 1e6
"""Largest magnitude of the weights and ends of a curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceCurve:
    """P(label is correct) of a pixel by z = log_odds ln(p / (1 - p)) + uncertainty u + intercept.

    p is the probability of the predicted class, u the served uncertainty. Logistic regression found z, on which
    two opinions are one number; a table that isotonic regression found turns z into a probability, and
    assumes nothing but that it rises with z. So confidence falls with u and rises with p, whatever their scales.
    """

    log_odds: float
    """0 or more."""
    uncertainty: float
    """0 or less."""
    intercept: float
    low: float
    """z of the first point of the table; what lies below counts as this."""
    high: float
    """z of the last point; what lies above counts as this."""
    table: tuple[float, ...]
    """P at equal steps of z, ascending, each in [0, 1]; 1 to 256 points."""

    def __post_init__(self) -> None:
        check_range('confidence.log_odds', self.log_odds, 0.0, WEIGHT_MAX)
        check_range('confidence.uncertainty', self.uncertainty, -WEIGHT_MAX, 0.0)
        for name in ('intercept', 'low', 'high'):
            check_range(f'confidence.{name}', getattr(self, name), -WEIGHT_MAX, WEIGHT_MAX)
        if not 1 <= len(self.table) <= MOST_POINTS:
            raise ConfigError(f'confidence.table has {len(self.table)} points, expected 1 to {MOST_POINTS}')
        for probability in self.table:
            check_range('confidence.table', probability, 0.0, 1.0)
        if list(self.table) != sorted(self.table):
            raise ConfigError('confidence.table is not ascending, expected probabilities that rise with z')
        if len(self.table) > 1 and not self.low < self.high:
            raise ConfigError(f'confidence.low is {self.low}, expected less than confidence.high = {self.high}')

    def points(self, device: torch.device) -> Tensor:
        """The table as uint8, 255 x P, on a device."""
        return torch.tensor([round(255.0 * p) for p in self.table], dtype=torch.uint8, device=device)

    def confidence(self, others: Tensor, uncertainty: Tensor, points: Tensor | None = None) -> Tensor:
        """(B, h, w) uint8, 255 x P(label is correct), of a pass's `others` and the served uncertainty, (B, h, w) both.

        `points` are those of `points`, on the device of the others, where they are kept from image to image.
        """
        # All of it is one line in u and the log-odds that ends in the number of a point: no search a pixel.
        last = len(self.table) - 1
        steps = last / (self.high - self.low) if last else 0.0
        place = uncertainty * (self.uncertainty * steps) + (self.intercept - self.low) * steps
        place = place.add_(log_odds(others), alpha=self.log_odds * steps).round_()
        # What is no number counts as the first point. `where`, for exporters know no nan_to_num.
        place = torch.where(place.isnan(), 0.0, place).clamp_(0, last)
        points = self.points(place.device) if points is None else points
        return points.index_select(0, place.int().flatten()).view_as(place)


def abstain(labels: NDArray[np.uint8], confidence: NDArray[np.uint8], level: float) -> None:
    """Set labels with a confidence below `level`, in [0, 1], to `IGNORE_INDEX`, in place; both (H, W)."""
    np.putmask(labels, confidence < 255.0 * level, IGNORE_INDEX)
