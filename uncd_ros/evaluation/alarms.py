# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often the threshold is passed where nothing is strange, and how sure one can be of that."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from uncd_ros.evaluation.metrics import effective_count
from uncd_ros.ood import OodRule


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceAlarms:
    """Of one drive."""

    images: int
    effective_n: int
    """Independent frames they are worth; see `effective_count`."""
    observed: float
    """Share of frames above the threshold, in [0, 1]."""
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """The rule's promise beside what was seen on in-distribution frames."""

    target: float
    """Promised share of frames above the threshold, in (0, 1)."""
    observed: float
    ci95: tuple[float, float]
    """Clopper and Pearson's interval with the effective number of frames in place of all."""
    effective_n: int
    threshold: float
    """Image score above which a frame counts as strange."""
    keeping_threshold: float
    """The threshold that would have kept the target here: known only afterwards, for comparison."""
    by_sequence: dict[str, SequenceAlarms]


def clopper_pearson(alarms: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval (Clopper and Pearson 1934) of a rate seen as `alarms` of `n`, neither need be whole."""
    tail = (1.0 - confidence) / 2
    low = float(beta.ppf(tail, alarms, n - alarms + 1)) if alarms > 0 else 0.0
    high = float(beta.ppf(1.0 - tail, alarms + 1, n - alarms)) if alarms < n else 1.0
    return low, high


def false_alarms(scores: Sequence[float], sequences: Sequence[str], rule: OodRule) -> FalseAlarms:
    """Judge a rule on the image scores of in-distribution frames, in the order in which they were taken."""
    values, names = np.asarray(scores), np.asarray(sequences)
    threshold = rule.threshold()
    by_sequence = {name: _of_sequence(values[names == name], threshold) for name in sorted(set(sequences))}
    observed = float((values > threshold).mean())
    effective_n = sum(each.effective_n for each in by_sequence.values())
    hindsight = OodRule(
        calibration_scores=tuple(sorted(scores)), effective_n=effective_n, false_alarm_rate=rule.false_alarm_rate
    )
    return FalseAlarms(
        target=rule.false_alarm_rate,
        observed=observed,
        ci95=clopper_pearson(observed * effective_n, effective_n),
        effective_n=effective_n,
        threshold=threshold,
        keeping_threshold=hindsight.threshold(),
        by_sequence=by_sequence,
    )


def _of_sequence(scores: NDArray[np.float64], threshold: float) -> SequenceAlarms:
    observed, effective_n = float((scores > threshold).mean()), effective_count(scores.tolist())
    return SequenceAlarms(
        images=len(scores),
        effective_n=effective_n,
        observed=observed,
        ci95=clopper_pearson(observed * effective_n, effective_n),
    )
