# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cross-fitting over drives: how far the students of the folds agree, with one another and with the one that ships."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.calibration.assessment import assess, image_scores, images
from training.calibration.unseen import CalibrationFold, unseen_frames
from training.data.labelled_frames import LabelledFrames
from uncd_ros.evaluation.metrics import effective_counts
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.network.student import Student


@dataclass(frozen=True, kw_only=True)
class Quantiles:
    """Of image scores."""

    q05: float
    median: float
    q95: float


@dataclass(frozen=True, kw_only=True)
class FoldScores:
    """The student of one fold on the drives that it never saw."""

    sequences: tuple[str, ...]
    images: int
    effective_n: int
    """Independent frames that they are worth; see `effective_count`."""
    miou: float
    ece: float
    """At the temperature of all folds."""
    unseen: Quantiles
    """Served image scores of its unseen drives."""
    seen: Quantiles
    """And of the drives that it was trained on."""
    threshold: float
    """That its scores alone would set."""
    others_threshold: float
    """That the scores of all other folds set."""


def fold_scores(
    folds: Sequence[CalibrationFold], scores: Sequence[float], uncertainty: str, score: str, others: Sequence[OodRule]
) -> tuple[FoldScores, ...]:
    """Compare calibrated folds by the served image score.

    `scores` are those of their unseen frames, fold after fold; `others` has the rule of each fold that the scores of
    all other folds set, and nothing where there is one fold alone, which is compared with none.
    """
    ends = np.cumsum([len(fold.unseen) for fold in folds])
    found = []
    for fold, end, rule in zip(folds, ends, others, strict=False):
        own = scores[end - len(fold.unseen) : end]
        assessed = assess(unseen_frames([fold]), (uncertainty,))
        found.append(
            FoldScores(
                sequences=tuple(sorted(set(fold.unseen.sequences))),
                images=len(own),
                effective_n=sum(effective_counts(own, fold.unseen.sequences).values()),
                miou=assessed.miou,
                ece=assessed.ece,
                unseen=_quantiles(own),
                seen=seen_scores(fold.student, fold.train, uncertainty, score),
                threshold=_threshold(own, rule.false_alarm_rate),
                others_threshold=rule.threshold(),
            )
        )
    return tuple(found)


def seen_scores(student: Student, train: LabelledFrames, uncertainty: str, score: str) -> Quantiles:
    """Of the frames that a student was trained on: all that students of folds and the one that ships have in common."""
    return _quantiles(image_scores(student, images(train), uncertainty)[score])


def _quantiles(scores: Sequence[float]) -> Quantiles:
    q05, median, q95 = np.quantile(scores, (0.05, 0.5, 0.95)).tolist()
    return Quantiles(q05=q05, median=median, q95=q95)


def _threshold(scores: Sequence[float], rate: float) -> float:
    return OodRule(calibration_scores=tuple(sorted(scores)), effective_n=1, false_alarm_rate=rate).threshold()
