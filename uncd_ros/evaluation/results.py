# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The result of an evaluation; field names are the keys of report.json. NaN, null there, is what does not exist."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uncd_ros.evaluation.false_alarms import FalseAlarms
from uncd_ros.evaluation.retention import RetentionPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFrame:
    """One image and its ground truth."""

    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    labels: NDArray[np.uint8]
    """(H, W) class ids, 255 ignore."""
    name: str
    sequence: str
    """Drive that the frame belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassResult:
    """One row of the paper's Table 1."""

    iou: float
    mean_uncertainty: float
    """Mean over the pixels of this class of the paper's uncertainty (eq. 8), in [0, 0.5]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmentation:
    """Accuracy of the labels."""

    miou: float
    """Over the whole set, not averaged image by image."""
    pixel_accuracy: float
    munc: float
    """Mean over classes of the mean std of the predicted class (DUDES' mUnc), in [0, 0.5]; NaN without a std."""
    dsc: float
    """Dice similarity coefficient (F1) of class 1, in [0, 1]; this and the next two are NaN but for two classes."""
    mcc: float
    """Matthews correlation coefficient, in [-1, 1]."""
    threshold: float
    """Probability above which a pixel is of class 1 for these two; chosen on training frames, else 0.5."""
    per_class: dict[str, ClassResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationResult:
    """Calibration of the class probabilities."""

    ece: float
    """Expected calibration error, 15 bins, in [0, 1]."""
    nll: float
    """Negative log likelihood, nats a pixel."""
    brier: float
    """In [0, 2]."""
    confidence_ece: float
    """Expected calibration error of the confidence that the model serves; NaN for a network that serves none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetection:
    """How well a pixel uncertainty tells wrong pixels (positives) from correct ones."""

    auroc: float
    aupr: float
    fpr95: float
    """Share of correct pixels above the threshold that detects 95 % of the wrong ones."""
    aurc: float
    """Area under the risk-coverage curve; lower is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """Mukhoti and Gal's (2018) conditional probabilities, of pixels, as DUDES reports them, or of patches."""

    threshold: float
    """What is above it is uncertain: the mean of the served uncertainty over the pixels of the set."""
    p_accurate_certain: float
    """p(accurate | certain)."""
    p_uncertain_inaccurate: float
    """p(uncertain | inaccurate)."""
    pavpu: float
    """Share of patches (or pixels) that are accurate and certain, or inaccurate and uncertain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOod:
    """How well the images of an OOD set are separated from the frames of the split."""

    images: int
    auroc: dict[str, float]
    """Image score -> AUROC; 'served' is the one that the model serves."""
    alarm_rate: float
    """Share of these images above the rule's threshold; NaN where a network has no rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftResult:
    """Table 2: labels under a domain shift, in the shifted set's merged classes."""

    images: int
    miou: float
    pixel_accuracy: float
    error_auroc: float
    """Of detecting wrong pixels by the served uncertainty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """Everything about one network on one split."""

    segmentation: Segmentation
    calibration: CalibrationResult
    served: str
    """Which pixel uncertainty it serves."""
    error_detection: dict[str, ErrorDetection]
    uncertain_above: float
    p_accurate_certain: float
    p_uncertain_inaccurate: float
    patches: Confidence
    """Of patches of 2 x 2 pixels; the three before are of pixels."""
    retention: list[RetentionPoint]
    image_ood: dict[str, ImageOod]
    shift: dict[str, ShiftResult]
    false_alarm: FalseAlarms | None
    """None for a network without a rule."""
    spearman_to_teacher: dict[str, float]
    """Rank correlation of its std with the teacher's; empty for the teacher and where there is none."""
    milliseconds: float
    """Median time of a pass, resizing and normalisation with it."""
