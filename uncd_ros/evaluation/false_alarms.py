# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often the threshold is passed by in-distribution frames, and how sure one can be of that."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from uncd_ros.evaluation.metrics import effective_counts
from uncd_ros.monitor.ood_rule import OodRule

BLOCKS = 5
"""Pieces into which each sequence is cut by default; each is compared with the threshold that all others set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceAlarms:
    """Anomalous frames of one sequence, or of several together."""

    images: int
    effective_n: int
    """Independent frames they are worth; see `effective_count`."""
    observed: float
    """Share of frames above the threshold, in [0, 1]."""
    ci95: tuple[float, float]
    """Clopper and Pearson's interval with the effective number of frames in place of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms(SequenceAlarms):
    """The rate that the rule promises beside the one observed on all in-distribution frames together."""

    target: float
    """Promised share of frames above the threshold, in (0, 1)."""
    threshold: float
    """Image score above which a frame counts as anomalous."""
    keeping_threshold: float
    """The threshold that would have kept the target here: known only afterwards, for comparison."""
    is_held_out: bool
    """Whether each block of frames was compared with the threshold that all other frames set."""
    by_sequence: dict[str, SequenceAlarms]


def clopper_pearson(alarms: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval (Clopper and Pearson 1934) of a rate seen as `alarms` of `n`, neither need be whole."""
    tail = (1.0 - confidence) / 2
    low = float(beta.ppf(tail, alarms, n - alarms + 1)) if alarms > 0 else 0.0
    high = float(beta.ppf(1.0 - tail, alarms + 1, n - alarms)) if alarms < n else 1.0
    return low, high


def false_alarms(
    scores: Sequence[float], sequences: Sequence[str], rule: OodRule, is_calibration: bool = False, blocks: int = BLOCKS
) -> FalseAlarms:
    """Count the in-distribution frames that a rule calls anomalous; `scores` are in the order of recording.

    `is_calibration` says that the scores are those of the rule, which would keep its promise to them whatever they are:
    each of the `blocks` of a sequence is then compared with the threshold that all other frames set. With one block,
    that is the threshold of the other sequences.
    """
    names = np.asarray(sequences)
    effective = effective_counts(scores, sequences)
    thresholds = _held_out_thresholds(scores, names, rule, blocks) if is_calibration else rule.threshold()
    anomalous = np.asarray(scores) > thresholds
    total = _count(anomalous, sum(effective.values()))
    hindsight = OodRule(
        calibration_scores=tuple(sorted(scores)), effective_n=total.effective_n, false_alarm_rate=rule.false_alarm_rate
    )
    return FalseAlarms(
        **asdict(total),
        target=rule.false_alarm_rate,
        threshold=rule.threshold(),
        keeping_threshold=hindsight.threshold(),
        is_held_out=is_calibration,
        by_sequence={name: _count(anomalous[names == name], count) for name, count in effective.items()},
    )


def _held_out_thresholds(
    scores: Sequence[float], names: NDArray[np.str_], rule: OodRule, blocks: int
) -> NDArray[np.float64]:
    """(N,) the threshold of each frame, set by all frames but those of its block.

    Blocks are contiguous: a single frame that is left out has neighbours in the rest that are nearly the same.
    """
    values = np.asarray(scores)
    thresholds = np.empty(len(values))
    for name in np.unique(names):
        for block in np.array_split(np.flatnonzero(names == name), blocks):
            if len(block):
                rest = tuple(sorted(np.delete(values, block).tolist()))
                thresholds[block] = replace(
                    rule, calibration_scores=rest, effective_n=min(rule.effective_n, len(rest))
                ).threshold()
    return thresholds


def _count(anomalous: NDArray[np.bool_], effective_n: int) -> SequenceAlarms:
    observed = float(anomalous.mean())
    return SequenceAlarms(
        images=len(anomalous),
        effective_n=effective_n,
        observed=observed,
        ci95=clopper_pearson(observed * effective_n, effective_n),
    )
