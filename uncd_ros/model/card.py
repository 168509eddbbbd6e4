# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model card: all that a robot must know of a student beside its weights, in records that check themselves.

Each record raises ConfigError where its values cannot be meant; messages name keys as in model.json.
"""

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from uncd_ros.checks import check_range, check_text
from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ConfigError
from uncd_ros.model.find import CARD
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.network.student import StudentConfig
from uncd_ros.scores.anomaly import AnomalyScore
from uncd_ros.scores.confidence import ConfidenceCurve
from uncd_ros.scores.image import IMAGE_SCORES
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES

WEIGHTS, DOCUMENT = 'student.safetensors', 'MODEL_CARD.md'
"""Files that every model folder holds."""
ANOMALY = 'anomaly.safetensors'
"""File of a model with an anomaly score."""
SCORE_MAX = 1e4
"""Largest magnitude of a calibration score: those of real drives stay below a hundred."""
FIGURE_MAX = 1e9
"""Largest magnitude of a figure that was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintySpec:
    """What the uncertainty image of this model holds."""

    name: str
    """A key of `scores.pixel.PIXEL_UNCERTAINTIES`."""
    upper: float
    """Upper end of its range, as stated there; the lower end is 0."""
    candidates: dict[str, str]
    """Uncertainties that training gave a meaning -> that meaning, a phrase for a person, empty where nobody wrote it.

    A student that was taught no std has none of the stds: what its uncertainty head gives are random numbers.
    """

    def __post_init__(self) -> None:
        if self.name not in PIXEL_UNCERTAINTIES:
            raise ConfigError(f'uncertainty.name is {self.name!a}, expected one of {", ".join(PIXEL_UNCERTAINTIES)}')
        if self.upper != PIXEL_UNCERTAINTIES[self.name].upper:
            expected = PIXEL_UNCERTAINTIES[self.name].upper
            raise ConfigError(f'uncertainty.upper is {self.upper}, expected {expected}, the upper end of {self.name}')
        for candidate, meaning in self.candidates.items():
            if candidate not in PIXEL_UNCERTAINTIES:
                names = ', '.join(PIXEL_UNCERTAINTIES)
                raise ConfigError(f'uncertainty.candidates has {candidate!a}, expected some of {names}')
            if meaning:
                check_text(f'uncertainty.candidates.{candidate}', meaning)
        if self.name not in self.candidates:
            names = ', '.join(self.candidates)
            raise ConfigError(f'uncertainty.name is {self.name!a}, expected one of uncertainty.candidates: {names}')


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionReport:
    """Why this and not another: every candidate, and its figures on the calibration data."""

    figures: dict[str, dict[str, float]]
    """Candidate -> what was measured -> value; NaN where it could not be measured."""
    reason: str
    """One sentence for a person."""

    def __post_init__(self) -> None:
        for candidate, figures in self.figures.items():
            _check_figures(f'figures.{candidate}', figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """Temperature scaling (Guo et al. 2017); the weights hold it already."""

    value: float
    """T, from 0.001 to 1000; logits are divided by it."""
    ece_before: float
    """Expected calibration error on the calibration frames without it, in [0, 1]."""
    ece_after: float
    """And with it."""

    def __post_init__(self) -> None:
        check_range('temperature.value', self.value, 1e-3, 1e3)
        check_range('temperature.ece_before', self.ece_before, 0.0, 1.0)
        check_range('temperature.ece_after', self.ece_after, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationData:
    """Frames that chose what the model gives, and set its threshold.

    The student was not trained on them; or, when cross-fitting, others like it were not, each on the drives of a fold.
    """

    dataset: str
    sequences: tuple[str, ...]
    images: int
    """1 or more."""
    fingerprint: str
    """SHA-256 over names and bytes of images and labels."""

    def __post_init__(self) -> None:
        check_range('calibration_data.images', self.images, 1, FIGURE_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalySpec:
    """How pixels that show something unknown are found."""

    score: AnomalyScore
    drivable: tuple[str, ...]
    """Names of the classes that a robot may drive on; unknown things are looked for on these."""
    level: int
    """Anomaly level, 1 to 255, from which on a pixel in the drivable region may belong to an obstacle."""
    smallest: float
    """Area, as a share of the image's, from which on a region of such pixels is one."""
    selection: SelectionReport
    """Candidate weights, and their figures on sets of unknown objects."""
    calibration_data: CalibrationData
    """Frames whose pixels standardise the score and give its quantiles, and which have no obstacle."""

    def __post_init__(self) -> None:
        check_range('anomaly.level', self.level, 1, 255)
        check_range('anomaly.smallest', self.smallest, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the weights come from, so that they can be made again."""

    config: dict[str, Any]
    """The training configuration, whole; plain JSON."""
    seeds: tuple[int, ...]
    """Of the members, in order."""
    source_commit: str
    data_fingerprint: str
    """SHA-256 over names and bytes of the training images and labels."""

    @property
    def teacher_networks(self) -> int:
        """How many networks taught the student: the members, or those that were sampled from one."""
        teacher = self.config.get('teacher', {})
        return max(1, teacher['samples'] if teacher.get('kind', 'ensemble') != 'ensemble' else len(self.seeds))

    def __post_init__(self) -> None:
        try:
            json.dumps(self.config, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ConfigError(f'provenance.config cannot be written as JSON ({error})') from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Content of model.json."""

    name: str
    student: StudentConfig
    classes: tuple[ClassInfo, ...]
    """One for each id; names differ."""
    uncertainty: UncertaintySpec
    uncertainty_selection: SelectionReport
    image_score: str
    """One of `scores.image.IMAGE_SCORES`; the OOD rule's calibration scores are of this kind."""
    image_score_selection: SelectionReport
    ood: OodRule
    temperature: Temperature
    confidence: ConfidenceCurve
    calibration_data: CalibrationData
    provenance: Provenance
    metrics: dict[str, float]
    """Measured after training; names as in the training report; NaN where one could not be measured."""
    anomaly: AnomalySpec | None = None
    """None for a model to which none was fitted."""
    files: dict[str, str] = field(default_factory=dict)
    """Path in the folder -> SHA-256, for every other file of the model; empty until it is saved."""

    def __post_init__(self) -> None:
        check_text('name', self.name)
        if len(self.classes) != self.student.num_classes:
            raise ConfigError(f'classes has {len(self.classes)} entries, expected {self.student.num_classes}')
        names = [info.name for info in self.classes]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ConfigError(f'classes has {", ".join(repeated)} more than once, expected names that differ')
        if self.image_score not in IMAGE_SCORES:
            raise ConfigError(f'image_score is {self.image_score!a}, expected one of {", ".join(IMAGE_SCORES)}')
        if self.anomaly and (unknown := sorted(set(self.anomaly.drivable) - set(names))):
            raise ConfigError(f'anomaly.drivable has {unknown[0]!a}, expected some of {", ".join(names)}')
        for score in (self.ood.calibration_scores[0], self.ood.calibration_scores[-1]):
            check_range('ood.calibration_scores', score, -SCORE_MAX, SCORE_MAX)
        _check_figures('metrics', self.metrics)
        check_files(self.files)

    @property
    def is_cross_fitted(self) -> bool:
        """Whether the student was trained on the calibration frames: others like it, that were not, gave the scores."""
        return self.calibration_data.fingerprint == self.provenance.data_fingerprint

    @property
    def drivable_ids(self) -> tuple[int, ...]:
        """Of the classes that a robot may drive on; none for a model without anomaly score."""
        drivable = self.anomaly.drivable if self.anomaly else ()
        return tuple(index for index, info in enumerate(self.classes) if info.name in drivable)

    @property
    def weights_sha256(self) -> str:
        """Of student.safetensors, for a model that was saved."""
        return self.files[WEIGHTS]


def _check_figures(name: str, figures: dict[str, float]) -> None:
    for key, value in figures.items():
        if not math.isnan(value):
            check_range(f'{name}.{key}', value, -FIGURE_MAX, FIGURE_MAX)


def check_files(files: dict[str, str]) -> None:
    """Raise ConfigError unless they lie in the folder, nowhere else, and each has a SHA-256."""
    for path, checksum in files.items():
        parts = PurePosixPath(path).parts
        if not path.isprintable() or path in ('', CARD) or '/'.join(parts) != path or {'..', '/'} & set(parts):
            raise ConfigError(f'files names {path!a}, expected a path within the model folder')
        if not re.fullmatch('[0-9a-f]{64}', checksum):
            raise ConfigError(f'files.{path} is {checksum[:70]!a}, expected a SHA-256 of 64 hexadecimal digits')
