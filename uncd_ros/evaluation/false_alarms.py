# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often the threshold is passed where nothing is strange, and how sure one can be of that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from uncd_ros.evaluation.metrics import effective_counts
from uncd_ros.monitor.ood_rule import OodRule

BLOCKS = 5
"""Pieces into which each drive is cut, so that its frames can be judged by what they did not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceAlarms:
    """Of one drive, or of several together."""

    images: int
    effective_n: int
    """Independent frames they are worth; see `effective_count`."""
    observed: float
    """Share of frames above the threshold, in [0, 1]."""
    ci95: tuple[float, float]
    """Clopper and Pearson's interval with the effective number of frames in place of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """The rule's promise beside what was seen on in-distribution frames."""

    target: float
    """Promised share of frames above the threshold, in (0, 1)."""
    observed: float
    ci95: tuple[float, float]
    effective_n: int
    threshold: float
    """Image score above which a frame counts as strange."""
    keeping_threshold: float
    """The threshold that would have kept the target here: known only afterwards, for comparison."""
    is_held_out: bool
    """These frames set the threshold, so each block of them was judged by the threshold that all others set."""
    by_sequence: dict[str, SequenceAlarms]


def clopper_pearson(alarms: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval (Clopper and Pearson 1934) of a rate seen as `alarms` of `n`, neither need be whole."""
    tail = (1.0 - confidence) / 2
    low = float(beta.ppf(tail, alarms, n - alarms + 1)) if alarms > 0 else 0.0
    high = float(beta.ppf(1.0 - tail, alarms + 1, n - alarms)) if alarms < n else 1.0
    return low, high


def false_alarms(
    scores: Sequence[float], sequences: Sequence[str], rule: OodRule, is_calibration: bool = False
) -> FalseAlarms:
    """Judge a rule on the image scores of in-distribution frames, in the order in which they were taken.

    `is_calibration` says that the scores are those of the rule, which would keep its promise to them whatever they are.
    """
    names, threshold = np.asarray(sequences), rule.threshold()
    counts = effective_counts(scores, sequences)
    strange = _strange_held_out(scores, sequences, rule) if is_calibration else np.asarray(scores) > threshold
    effective_n = sum(counts.values())
    whole = _counted(strange, effective_n)
    hindsight = OodRule(
        calibration_scores=tuple(sorted(scores)), effective_n=effective_n, false_alarm_rate=rule.false_alarm_rate
    )
    return FalseAlarms(
        target=rule.false_alarm_rate,
        observed=whole.observed,
        ci95=whole.ci95,
        effective_n=effective_n,
        threshold=threshold,
        keeping_threshold=hindsight.threshold(),
        is_held_out=is_calibration,
        by_sequence={name: _counted(strange[names == name], count) for name, count in counts.items()},
    )


def held_out_alarms(scores: Sequence[float], sequences: Sequence[str], rule: OodRule) -> SequenceAlarms:
    """Judge every block of a drive by the threshold that all other calibration frames set.

    `scores` are those of the rule, in the order in which the frames were taken.
    """
    strange = _strange_held_out(scores, sequences, rule)
    return _counted(strange, sum(effective_counts(scores, sequences).values()))


def _strange_held_out(scores: Sequence[float], sequences: Sequence[str], rule: OodRule) -> NDArray[np.bool_]:
    """Blocks are contiguous: frames cut out one by one would be judged by neighbours that are nearly the same."""
    values, names = np.asarray(scores), np.asarray(sequences)
    drives = [np.flatnonzero(names == name) for name in sorted(set(sequences))]
    strange = np.zeros(len(values), bool)
    for block in (part for drive in drives for part in np.array_split(drive, BLOCKS) if len(part)):
        scores_left = tuple(sorted(np.delete(values, block).tolist()))
        effective_n = min(rule.effective_n, len(scores_left))
        others = replace(rule, calibration_scores=scores_left, effective_n=effective_n)
        strange[block] = values[block] > others.threshold()
    return strange


def _counted(strange: NDArray[np.bool_], effective_n: int) -> SequenceAlarms:
    observed = float(strange.mean())
    return SequenceAlarms(
        images=len(strange),
        effective_n=effective_n,
        observed=observed,
        ci95=clopper_pearson(observed * effective_n, effective_n),
    )
