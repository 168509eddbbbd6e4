# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model folder says about its student: model.json as one frozen record."""

from dataclasses import dataclass
from typing import Any

from uncd_ros.classes import ClassInfo
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.network.student import StudentConfig
from uncd_ros.scores.confidence import ConfidenceCurve

FORMAT_VERSION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintySpec:
    """What the uncertainty image of this model holds."""

    name: str
    """A key of `scores.PIXEL_UNCERTAINTIES`."""
    upper: float
    """Upper end of its range; the lower end is 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionReport:
    """Why this and not another: every candidate, as it did on the calibration data."""

    figures: dict[str, dict[str, float]]
    """Candidate -> what was measured -> value."""
    reason: str
    """One sentence for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """Temperature scaling (Guo et al. 2017); the weights hold it already."""

    value: float
    """T, above 0; logits are divided by it."""
    ece_before: float
    """Expected calibration error on the calibration frames without it, in [0, 1]."""
    ece_after: float
    """And with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationData:
    """Frames that chose what the model serves, and set its threshold; it was not trained on them."""

    dataset: str
    sequences: tuple[str, ...]
    images: int
    fingerprint: str
    """SHA-256 over names and bytes of images and labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the weights come from, so that they can be made again."""

    config: dict[str, Any]
    """The training configuration, whole."""
    seeds: tuple[int, ...]
    """Of the members, in order."""
    source_commit: str
    data_fingerprint: str
    """SHA-256 over names and bytes of the training images and labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """model.json."""

    format_version: int
    name: str
    student: StudentConfig
    classes: tuple[ClassInfo, ...]
    uncertainty: UncertaintySpec
    uncertainty_selection: SelectionReport
    image_score: str
    """A key of `scores.IMAGE_SCORES`; the OOD rule's calibration scores are of this kind."""
    image_score_selection: SelectionReport
    ood: OodRule
    temperature: Temperature
    confidence: ConfidenceCurve
    calibration_data: CalibrationData
    provenance: Provenance
    metrics: dict[str, float]
    """Measured after training; names as in the training report."""
    weights_sha256: str
    """Of student.safetensors, the reference of the feature distance among it."""
