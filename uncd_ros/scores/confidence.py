# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often a label is right that looks like this one: the confidence image, as calibration found it."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.pixel import log_odds

MOST_POINTS = 256
"""Of a curve's table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceCurve:
    """P(label is right) of a pixel by z = log_odds ln(p / (1 - p)) + uncertainty u + intercept.

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
    """P at equal steps of z, rising, each in [0, 1]; 1 to 256 points."""

    def confidence(self, output: StudentOutput, uncertainty: Tensor) -> Tensor:
        """(B, h, w) uint8, 255 x P(label is right); `uncertainty` is the served one, (B, h, w)."""
        # All of it is one line in u and the log-odds that ends in the number of a point: no search a pixel.
        last = len(self.table) - 1
        steps = last / (self.high - self.low) if last else 0.0
        place = uncertainty * (self.uncertainty * steps) + (self.intercept - self.low) * steps
        place = place.add_(log_odds(output), alpha=self.log_odds * steps).nan_to_num_(nan=0.0)
        points = torch.tensor(self.table, device=place.device).mul(255.0).round().byte()
        return points[place.round_().clamp_(0, last).int()]


def abstain(labels: NDArray[np.uint8], confidence: NDArray[np.uint8], level: float) -> None:
    """Turn labels that are right less often than `level`, in [0, 1], into 255, in place; both (H, W)."""
    np.putmask(labels, confidence < 255.0 * level, IGNORE_INDEX)


def fault(curve: ConfidenceCurve) -> str:
    """What is wrong with a curve that was read from a file, in a few words; empty if nothing is."""
    table = curve.table
    if not 1 <= len(table) <= MOST_POINTS:
        return f'table has {len(table)} points, expected 1 to {MOST_POINTS}'
    if list(table) != sorted(table) or not 0.0 <= table[0] <= table[-1] <= 1.0:
        return 'table is not ascending within 0 and 1'
    if len(table) > 1 and not curve.low < curve.high:
        return f'low is {curve.low}, expected less than high = {curve.high}'
    if not curve.log_odds >= 0.0 >= curve.uncertainty:
        return f'weights are {curve.log_odds} and {curve.uncertainty}, expected 0 or more and 0 or less'
    return ''
