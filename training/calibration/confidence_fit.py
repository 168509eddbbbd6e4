# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The confidence curve: how often a label was right that looked like this one."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from training.calibration.unseen import Unseen, outputs
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.pixel_metrics import to_size
from uncd_ros.scores.confidence import MOST_POINTS, ConfidenceCurve
from uncd_ros.scores.pixel import log_odds, pixel_uncertainty

SAMPLES = 300_000
"""Pixels that are looked at, spread evenly over the frames and at random within each."""
ENDS = (0.001, 0.999)
"""Quantiles of z where the table ends: so far out a single right pixel would promise certainty."""


@dataclass(frozen=True, kw_only=True)
class PixelSample:
    """N pixels with known labels."""

    evidence: NDArray[np.float64]
    """(N, 2): log-odds of the predicted class, and the served uncertainty."""
    right: NDArray[np.bool_]
    """(N,): whether the predicted class is the label."""


@torch.inference_mode()
def sample_pixels(unseen: Unseen, uncertainty: str) -> PixelSample:
    """Valid pixels of every frame; the same ones each time."""
    generator = torch.Generator().manual_seed(0)
    per_frame = max(1, SAMPLES // sum(len(frames) for _, frames in unseen))
    evidence, right = [], []
    for native, frame in outputs(unseen):
        labels = torch.from_numpy(frame.labels)
        output = to_size(native, *labels.shape)
        seen = torch.nonzero(labels.flatten() != IGNORE_INDEX)[:, 0]
        chosen = seen[torch.randperm(len(seen), generator=generator)[:per_frame]]
        maps = torch.stack([log_odds(output.others), pixel_uncertainty(uncertainty, output)]).flatten(1).cpu()
        evidence.append(maps[:, chosen].double().T)
        right.append((output.labels()[0].cpu() == labels).flatten()[chosen])
    return PixelSample(evidence=torch.cat(evidence).numpy(), right=torch.cat(right).numpy())


def fit_confidence(sample: PixelSample) -> ConfidenceCurve:
    """Logistic regression to one number a pixel, then isotonic regression of being right on it."""
    weights, intercept = _fit_weights(sample)
    z = sample.evidence @ weights + intercept
    low, high = np.quantile(z, ENDS)
    if low < high:
        steps = np.linspace(low, high, MOST_POINTS)
        table = IsotonicRegression(y_min=0.0, y_max=1.0).fit(z.clip(low, high), sample.right).predict(steps)
    else:  # nothing tells the pixels apart
        table = np.asarray([sample.right.mean()])
    return ConfidenceCurve(
        log_odds=float(weights[0]),
        uncertainty=float(weights[1]),
        intercept=float(intercept),
        low=float(low),
        high=float(high),
        table=tuple(np.round(table, 4).tolist()),
    )


def _fit_weights(sample: PixelSample) -> tuple[NDArray[np.float64], float]:
    """(2,) weights, the first 0 or more, the second 0 or less, and intercept.

    A weight of the wrong sign (two opinions that say the same may split into a large one and its correction) would
    let confidence rise with doubt: its term is dropped and the other fitted alone.
    """
    weights, signs = np.zeros(2), np.asarray([1.0, -1.0])
    if sample.right.all() or not sample.right.any():
        return weights, 0.0
    for used in ([0, 1], [0], [1]):
        fitted = LogisticRegression().fit(sample.evidence[:, used], sample.right)
        if (fitted.coef_[0] * signs[used] >= 0.0).all():
            weights[used] = fitted.coef_[0]
            return weights, float(fitted.intercept_[0])
    return weights, 0.0
