# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The threshold that one nominal drive sets: high enough for each of its parts, and for what it was too short to show.

Neighbouring images are alike, and a drive changes slowly. A quantile over all images may be that of one street only. So
the drive is cut into blocks, and the threshold of any rate is at least the highest that one of the blocks sets.

Even so, images that are worth n independent ones show nothing of what happens less often than once in n + 1. There the
threshold is where the next value of a normal distribution would be, of which n values are known: the upper limit of
Student's t for mean and spread of the drive. Whichever of the two is higher counts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from training.calibration.sample_size import effective_sample_size
from training.calibration.selection import select_image_score
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.false_alarms import BLOCKS, clopper_pearson
from uncd_ros.evaluation.metrics import image_auroc
from uncd_ros.model.card import SelectionReport
from uncd_ros.monitor.ood_rule import OodRule

FEWEST = 10 * BLOCKS
"""Images that set a threshold."""
RANKS = 999
"""Thresholds that a rule holds: of false-alarm rates down to 0.1 %."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One part of the drive, by its image scores."""

    start: float
    end: float
    """Seconds from the start of the drive, of its first and of its last image."""
    images: int
    median: float
    q95: float
    highest: float
    above: float
    """Share of its images above the threshold that the other blocks set."""


@dataclass(frozen=True, kw_only=True)
class DriveRule:
    """The rule, and how far it may be trusted."""

    ood: OodRule
    blocks: tuple[Block, ...]
    observed: float
    """Share of all images above the threshold that the blocks other than their own set."""
    ci95: tuple[float, float]
    """Clopper and Pearson's interval of it, with the effective number of images in place of all."""

    @property
    def lowest_rate(self) -> float:
        """The lowest false-alarm rate that so many independent images can promise."""
        return 1.0 / (self.ood.effective_n + 1)

    @property
    def needed(self) -> int:
        """Independent images that the asked rate needs."""
        return math.ceil(1.0 / self.ood.false_alarm_rate) - 1

    def metrics(self) -> dict[str, float]:
        """For the model card, in place of those of another calibration."""
        return {
            'held_out_false_alarm_rate': self.observed,
            'held_out_false_alarm_low': self.ci95[0],
            'held_out_false_alarm_high': self.ci95[1],
        }


def drive_rule(scores: Sequence[float], seconds: Sequence[float], rate: float) -> DriveRule:
    """Of the image scores of a drive in their order, and the seconds at which its images were recorded."""
    blocks = np.array_split(np.asarray(scores, np.float64), BLOCKS)
    times = np.array_split(np.asarray(seconds, np.float64), BLOCKS)
    ood = _rule(blocks, rate)
    thresholds = [_rule([*blocks[:i], *blocks[i + 1 :]], rate).threshold() for i in range(BLOCKS)]
    described = tuple(_block(*each) for each in zip(blocks, times, thresholds, strict=True))
    observed = sum(block.above * block.images for block in described) / len(scores)
    ci95 = clopper_pearson(observed * ood.effective_n, ood.effective_n)
    return DriveRule(ood=ood, blocks=described, observed=observed, ci95=ci95)


def check_length(seconds: Sequence[float]) -> None:
    """Raise ConfigError for fewer images than FEWEST."""
    if len(seconds) < FEWEST:
        raise ConfigError(f'the drive has {len(seconds)} images that can be used, expected {FEWEST} or more')


def select_drive_score(
    rules: Mapping[str, DriveRule],
    nominal: Mapping[str, NDArray[np.float64]],
    anomalous: Mapping[str, Mapping[str, NDArray[np.float64]]],
) -> tuple[str, SelectionReport]:
    """The image score that tells the anomalous images best from those of the drive, as `select_image_score` does."""
    auroc, detected = {}, {}
    for name, rule in rules.items():
        threshold = rule.ood.threshold()
        found = {source: scores[name].tolist() for source, scores in anomalous.items()}
        auroc[name] = {source: image_auroc(nominal[name].tolist(), scores) for source, scores in found.items()}
        detected[name] = float(np.mean([(np.asarray(scores) > threshold).mean() for scores in found.values()]))
    return select_image_score(auroc, detected)


def _rule(blocks: Sequence[NDArray[np.float64]], rate: float) -> OodRule:
    """At each rank the highest score among the blocks at this share or above, or the limit of the next one's score."""
    whole, ranks = np.concatenate(blocks), np.arange(1, RANKS + 1)
    worth = effective_sample_size(whole)
    of_blocks = [np.sort(block)[-(-ranks * len(block) // RANKS) - 1] for block in blocks]
    scores = np.max([*of_blocks, _prediction_limits(whole, worth, ranks / (RANKS + 1))], axis=0)
    return OodRule(calibration_scores=tuple(scores.tolist()), effective_n=min(int(worth), RANKS), false_alarm_rate=rate)


def _prediction_limits(scores: NDArray[np.float64], worth: float, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Below which the score of the next image is with these probabilities, if scores are normal and worth so many."""
    n = max(worth, 2.0)  # of one value alone nobody knows the spread
    spread = scores.std() * math.sqrt(n / (n - 1.0) * (1.0 + 1.0 / n))
    return np.asarray(scores.mean() + student_t.ppf(shares, n - 1.0) * spread)


def _block(scores: NDArray[np.float64], seconds: NDArray[np.float64], threshold: float) -> Block:
    median, q95 = np.quantile(scores, (0.5, 0.95)).tolist()
    return Block(
        start=float(seconds[0]),
        end=float(seconds[-1]),
        images=len(scores),
        median=median,
        q95=q95,
        highest=float(scores.max()),
        above=float((scores > threshold).mean()),
    )
