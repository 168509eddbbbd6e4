# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model serves, and when its flag rises: chosen on sequences the student has never seen."""

from dataclasses import dataclass

import numpy as np

from assess import Assessment, image_scores
from augment import CALIBRATION_SHIFTS
from segdata import SegData
from settings import CalibrationSettings
from uncd_ros.evaluation.metrics import effective_count, image_auroc
from uncd_ros.model_card import UncertaintySpec
from uncd_ros.ood import OodRule
from uncd_ros.scores import IMAGE_SCORES, PIXEL_UNCERTAINTIES
from uncd_ros.student import Student


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What calibration chose, and the evidence."""

    uncertainty: UncertaintySpec
    image_score: str
    ood: OodRule
    shift_auroc: dict[str, dict[str, float]]
    """Image score -> calibration shift -> AUROC against the unshifted frames."""


def calibrate(student: Student, data: SegData, assessed: Assessment, settings: CalibrationSettings) -> Calibration:
    """Choose pixel uncertainty, image score and OOD threshold.

    The uncertainty is the one that finds wrong pixels best; the image score the one that tells the
    calibration shifts from the frames as they are best, on average; the threshold is conformal.
    """
    uncertainty = max(assessed.error_auroc, key=assessed.error_auroc.__getitem__)
    clean = image_scores(student, data, uncertainty)
    shift_auroc: dict[str, dict[str, float]] = {name: {} for name in IMAGE_SCORES}
    for shift_name, shift in CALIBRATION_SHIFTS.items():
        shifted = image_scores(student, data, uncertainty, shift)
        for name in IMAGE_SCORES:
            shift_auroc[name][shift_name] = image_auroc(clean[name], shifted[name])
    best = max(IMAGE_SCORES, key=lambda name: float(np.mean(list(shift_auroc[name].values()))))
    return Calibration(
        uncertainty=UncertaintySpec(name=uncertainty, upper=PIXEL_UNCERTAINTIES[uncertainty][1]),
        image_score=best,
        ood=OodRule(
            calibration_scores=tuple(sorted(clean[best])),
            effective_n=_effective_frames(clean[best], data.sequences),
            false_alarm_rate=settings.false_alarm_rate,
        ),
        shift_auroc=shift_auroc,
    )


def _effective_frames(scores: list[float], sequences: tuple[str, ...]) -> int:
    """Independent frames among all; sequences are independent of one another, their frames are not."""
    names = np.asarray(sequences)
    return sum(effective_count(np.asarray(scores)[names == name].tolist()) for name in sorted(set(sequences)))
