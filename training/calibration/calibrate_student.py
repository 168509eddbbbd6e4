# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model serves, and when its OOD flag rises: fitted and selected on sequences the student never saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.calibration.assessment import Assessment, assess, image_scores, images
from training.calibration.confidence_fit import fit_confidence, sample_pixels
from training.calibration.mahalanobis_fit import fit_mahalanobis, scale_mahalanobis
from training.calibration.selection import select_image_score, select_uncertainty
from training.calibration.temperature import fit_temperature, fold_temperature
from training.data.augment import CALIBRATION_SHIFTS
from training.data.labelled_frames import LabelledFrames
from training.data.splits import Splits
from training.data.unlabelled import open_unlabelled, stream_frames
from training.run.settings import CalibrationSettings
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.false_alarms import FalseAlarms, false_alarms
from uncd_ros.evaluation.metrics import effective_counts, image_auroc
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.model.card import CalibrationData, SelectionReport, Temperature, UncertaintySpec
from uncd_ros.model.weights import round_weights
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.network.student import Student
from uncd_ros.scores.confidence import ConfidenceCurve
from uncd_ros.scores.image import IMAGE_SCORES
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The result of a calibration, and its evidence."""

    uncertainty: UncertaintySpec
    uncertainty_selection: SelectionReport
    image_score: str
    image_score_selection: SelectionReport
    ood: OodRule
    temperature: Temperature
    confidence: ConfidenceCurve
    data: CalibrationData
    assessed: Assessment
    """The student on the calibration frames, at its temperature."""
    false_alarms: FalseAlarms
    """Of calibration frames, each by a threshold that other frames set."""

    def card_fields(self) -> dict[str, Any]:
        """The fields of a model card that calibration fills."""
        return {
            'uncertainty': self.uncertainty,
            'uncertainty_selection': self.uncertainty_selection,
            'image_score': self.image_score,
            'image_score_selection': self.image_score_selection,
            'ood': self.ood,
            'temperature': self.temperature,
            'confidence': self.confidence,
            'calibration_data': self.data,
        }

    def metrics(self, val: Assessment) -> dict[str, float]:
        """For the model card; `val` is the calibrated student on frames that calibration did not see."""
        return {
            'val_miou': val.miou,
            'calibration_miou': self.assessed.miou,
            'val_ece': val.ece,
            'calibration_ece': self.assessed.ece,
            'val_confidence_ece': val.confidence_ece,
            'held_out_false_alarm_rate': self.false_alarms.observed,
            'held_out_false_alarm_low': self.false_alarms.ci95[0],
            'held_out_false_alarm_high': self.false_alarms.ci95[1],
        }


def calibrate(
    student: Student, splits: Splits, dataset: str, settings: CalibrationSettings, candidates: Mapping[str, str]
) -> Calibration:
    """Calibrate a student; its weights change in place.

    `candidates` are the pixel uncertainties that its training gave a meaning, and that meaning.
    The steps build on one another: temperature, into the weights; mean and whitening of the Mahalanobis features, from
    the training frames, and their scale; pixel uncertainty; image score; conformal threshold; confidence. Everything
    but mean and whitening comes from the calibration frames alone. Raises ConfigError for fewer than two of them.
    """
    data = splits.calibration
    if len(data) < 2:
        raise ConfigError(f'calibration has {len(data)} frames, expected hundreds')
    network = student_network(student)
    temperature = fit_temperature(network, data)
    fold_temperature(student, temperature.value)
    round_weights(student)
    fit_mahalanobis(student, images(splits.train))
    scale_mahalanobis(student, images(data))
    assessed = assess(network, data, tuple(candidates))
    uncertainty, uncertainty_selection = select_uncertainty(assessed)
    nominal = image_scores(student, images(data), uncertainty)
    anomalous = _ood_scores(student, data, uncertainty, settings.ood_sets)
    score, score_selection = _select_score(data, nominal, anomalous, settings.false_alarm_rate)
    rule = _rule(nominal[score], data, settings.false_alarm_rate)
    return Calibration(
        uncertainty=UncertaintySpec(
            name=uncertainty,
            upper=PIXEL_UNCERTAINTIES[uncertainty].upper,
            candidates=dict(candidates),
        ),
        uncertainty_selection=uncertainty_selection,
        image_score=score,
        image_score_selection=score_selection,
        ood=rule,
        temperature=temperature,
        confidence=fit_confidence(sample_pixels(network, data, uncertainty)),
        data=CalibrationData(
            dataset=dataset,
            sequences=tuple(sorted(set(data.sequences))),
            images=len(data),
            fingerprint=data.fingerprint(),
        ),
        assessed=assessed,
        false_alarms=false_alarms(nominal[score], data.sequences, rule, is_calibration=True),
    )


def assess_calibrated(student: Student, data: LabelledFrames, calibration: Calibration) -> Assessment:
    """Evaluate a calibrated student, its confidence included, on frames that calibration did not use."""
    served, candidates = calibration.uncertainty.name, calibration.uncertainty.candidates
    uncertainties = (served, *(name for name in candidates if name != served))
    return assess(student_network(student), data, uncertainties, calibration.confidence)


Scores = dict[str, list[float]]
"""Image score -> its value for each of some images."""


def _ood_scores(
    student: Student, data: LabelledFrames, uncertainty: str, ood_sets: tuple[str, ...]
) -> dict[str, Scores]:
    """Scores under every calibration shift of the frames, and of every OOD set."""
    shifted = {
        name: image_scores(student, images(data), uncertainty, shift) for name, shift in CALIBRATION_SHIFTS.items()
    }
    sources = zip(ood_sets, open_unlabelled(ood_sets), strict=True)
    return shifted | {path: image_scores(student, stream_frames(source), uncertainty) for path, source in sources}


def _select_score(
    data: LabelledFrames, nominal: Scores, anomalous: dict[str, Scores], rate: float
) -> tuple[str, SelectionReport]:
    """Compare the image scores: each set of anomalous images against the frames as they are."""
    auroc, detected = {}, {}
    for name in IMAGE_SCORES:
        auroc[name] = {ood_set: image_auroc(nominal[name], scores[name]) for ood_set, scores in anomalous.items()}
        threshold = _rule(nominal[name], data, rate).threshold()
        shares = [np.mean(np.asarray(scores[name]) > threshold) for scores in anomalous.values()]
        detected[name] = float(np.mean(shares))
    return select_image_score(auroc, detected)


def _rule(scores: list[float], data: LabelledFrames, rate: float) -> OodRule:
    """The conformal rule of the frames' scores."""
    return OodRule(
        calibration_scores=tuple(sorted(scores)),
        effective_n=sum(effective_counts(scores, data.sequences).values()),
        false_alarm_rate=rate,
    )
