# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Anomaly scores of a pixel, computed from one pass; higher is more unlike anything that was trained on.

An uncertainty asks whether a label is wrong, an anomaly score whether a thing is unknown.
"""

from collections.abc import Iterable

from torch import Tensor

from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.pixel import energy, neg_max_logit, pixel_uncertainty

OF_LOGITS = {'neg_max_logit': neg_max_logit, 'energy': energy}
"""Anomaly scores that every network has beside its uncertainties; name -> function giving (B, h, w)."""


def anomaly_scores(output: StudentOutput, uncertainties: Iterable[str]) -> dict[str, Tensor]:
    """Name -> (B, h, w) of every candidate: the uncertainties that mean something in this network, and OF_LOGITS."""
    return {
        **{name: pixel_uncertainty(name, output) for name in uncertainties},
        **{name: compute(output) for name, compute in OF_LOGITS.items()},
    }
