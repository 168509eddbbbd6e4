# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model serves, and when its OOD flag rises: fitted and selected on sequences the student never saw.

Those are drives held out from all training, with the student itself. Or all drives, each with a student that never saw
it (cross-fitting): what these have found together is then given to the student that was taught on all drives.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from torch import Tensor

from training.calibration.assessment import Assessment, assess, image_scores, images
from training.calibration.confidence_fit import fit_confidence, sample_pixels
from training.calibration.fold_scores import FoldScores, Quantiles, fold_scores, seen_scores
from training.calibration.mahalanobis_fit import fit_mahalanobis, scale_mahalanobis
from training.calibration.selection import select_image_score, select_uncertainty
from training.calibration.temperature import fit_temperature, fold_temperature
from training.calibration.unseen import CalibrationFold, unseen_frames
from training.data.augment import CALIBRATION_SHIFTS
from training.data.labelled_frames import Joined, LabelledFrames
from training.data.unlabelled import open_unlabelled, stream_frames
from training.run.settings import CalibrationSettings
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.false_alarms import BLOCKS, FalseAlarms, false_alarms
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
    mahalanobis_scale: float
    """What multiplies the whitening of the Mahalanobis features."""
    assessed: Assessment
    """The student on the calibration frames, at its temperature."""
    false_alarms: FalseAlarms
    """Of calibration frames, each by a threshold that other frames set: those of other drives, when cross-fitting."""
    folds: tuple[FoldScores, ...] = ()
    """When cross-fitting, each fold."""
    others: tuple[OodRule, ...] = ()
    """Then also the rule of each fold that the scores of all other folds set."""
    seen: Quantiles | None = None
    """Then also image scores of the student that ships, on the frames that it was trained on."""

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
            # An anomaly score is standardised at the temperature of its day: fit_anomaly.py fits it anew.
            'anomaly': None,
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
    folds: Sequence[CalibrationFold], dataset: str, settings: CalibrationSettings, candidates: Mapping[str, str]
) -> Calibration:
    """Calibrate the student of one fold, or those of several alike; their weights change in place.

    `candidates` are the pixel uncertainties that their training gave a meaning, and that meaning.
    The steps build on one another: temperature, into the weights; mean and whitening of the Mahalanobis features, from
    each student's training frames, and their scale; pixel uncertainty; image score; conformal threshold; confidence.
    Everything but mean and whitening comes from the unseen frames of all folds together. Raises ConfigError for fewer
    than two of them.
    """
    data = reduce(Joined.of, (fold.unseen for fold in folds))
    if len(data) < 2:
        raise ConfigError(f'calibration has {len(data)} frames, expected hundreds')
    unseen = unseen_frames(folds)
    temperature = fit_temperature(unseen)
    for fold in folds:
        _prepare(fold.student, fold.train, temperature.value)
    scale = scale_mahalanobis([(fold.student, images(fold.unseen)) for fold in folds])
    assessed = assess(unseen, tuple(candidates))
    uncertainty, uncertainty_selection = select_uncertainty(assessed)
    nominal = _nominal_scores(folds, uncertainty)
    anomalous = _ood_scores(folds, uncertainty, settings.ood_sets)
    rate = settings.false_alarm_rate
    score, score_selection = _select_score(data, nominal, anomalous, rate)
    rule, is_cross_fitted = _rule(nominal[score], data.sequences, rate), len(folds) > 1
    others = _rules_of_others(folds, nominal[score], data, rate) if is_cross_fitted else ()
    return Calibration(
        uncertainty=UncertaintySpec(
            name=uncertainty, upper=PIXEL_UNCERTAINTIES[uncertainty].upper, candidates=dict(candidates)
        ),
        uncertainty_selection=uncertainty_selection,
        image_score=score,
        image_score_selection=score_selection,
        ood=rule,
        temperature=temperature,
        confidence=fit_confidence(sample_pixels(unseen, uncertainty)),
        data=calibration_data(dataset, data),
        mahalanobis_scale=scale,
        assessed=assessed,
        false_alarms=false_alarms(
            nominal[score], data.sequences, rule, is_calibration=True, blocks=1 if is_cross_fitted else BLOCKS
        ),
        folds=fold_scores(folds, nominal[score], uncertainty, score, others),
        others=others,
    )


def calibration_data(dataset: str, frames: LabelledFrames) -> CalibrationData:
    """Which frames calibrated a model; all are read, for their fingerprint."""
    return CalibrationData(
        dataset=dataset,
        sequences=tuple(sorted(set(frames.sequences))),
        images=len(frames),
        fingerprint=frames.fingerprint(),
    )


def transfer(calibration: Calibration, student: Student, train: LabelledFrames) -> Calibration:
    """Give what the folds found together to the student that was taught on all drives, in place.

    Temperature and scale are those of the folds, for no frame is left that it never saw; mean and whitening of its
    Mahalanobis features are its own. The calibration that is returned says how its image scores compare, and by one
    fingerprint for both that the calibration frames are the training frames.
    """
    _prepare(student, train, calibration.temperature.value)
    student.mahalanobis.whitening.mul_(calibration.mahalanobis_scale)
    return replace(
        calibration,
        data=replace(calibration.data, fingerprint=train.fingerprint()),
        seen=seen_scores(student, train, calibration.uncertainty.name, calibration.image_score),
    )


def _prepare(student: Student, train: LabelledFrames, temperature: float) -> None:
    """Temperature and rounding, into the weights; mean and whitening of the Mahalanobis features."""
    fold_temperature(student, temperature)
    round_weights(student)
    fit_mahalanobis(student, images(train))


def assess_calibrated(student: Student, data: LabelledFrames, calibration: Calibration) -> Assessment:
    """Evaluate a calibrated student, its confidence included, on frames that calibration did not use."""
    served, candidates = calibration.uncertainty.name, calibration.uncertainty.candidates
    uncertainties = (served, *(name for name in candidates if name != served))
    return assess([(student_network(student), data)], uncertainties, calibration.confidence)


Scores = dict[str, list[float]]
"""Image score -> its value for each of some images."""


def _nominal_scores(
    folds: Sequence[CalibrationFold], uncertainty: str, shift: Callable[[Tensor], Tensor] | None = None
) -> Scores:
    """Scores of the unseen frames, fold after fold."""
    return _pool(image_scores(fold.student, images(fold.unseen), uncertainty, shift) for fold in folds)


def _ood_scores(folds: Sequence[CalibrationFold], uncertainty: str, ood_sets: tuple[str, ...]) -> dict[str, Scores]:
    """Scores under every calibration shift of the frames, and of every OOD set, each image by every student."""
    shifted = {name: _nominal_scores(folds, uncertainty, shift) for name, shift in CALIBRATION_SHIFTS.items()}
    sources = zip(ood_sets, open_unlabelled(ood_sets), strict=True)
    return shifted | {
        path: _pool(image_scores(fold.student, stream_frames(source), uncertainty) for fold in folds)
        for path, source in sources
    }


def _pool(parts: Iterable[Scores]) -> Scores:
    """One behind the other."""
    pooled: Scores = {name: [] for name in IMAGE_SCORES}
    for part in parts:
        for name, scores in part.items():
            pooled[name] += scores
    return pooled


def _select_score(
    data: LabelledFrames, nominal: Scores, anomalous: dict[str, Scores], rate: float
) -> tuple[str, SelectionReport]:
    """Compare the image scores: each set of anomalous images against the frames as they are."""
    auroc, detected = {}, {}
    for name in IMAGE_SCORES:
        auroc[name] = {ood_set: image_auroc(nominal[name], scores[name]) for ood_set, scores in anomalous.items()}
        threshold = _rule(nominal[name], data.sequences, rate).threshold()
        shares = [np.mean(np.asarray(scores[name]) > threshold) for scores in anomalous.values()]
        detected[name] = float(np.mean(shares))
    return select_image_score(auroc, detected)


def _rule(scores: Sequence[float], sequences: Sequence[str], rate: float) -> OodRule:
    """The conformal rule of the scores of frames, which come from these drives."""
    return OodRule(
        calibration_scores=tuple(sorted(scores)),
        effective_n=sum(effective_counts(scores, sequences).values()),
        false_alarm_rate=rate,
    )


def _rules_of_others(
    folds: Sequence[CalibrationFold], scores: Sequence[float], data: LabelledFrames, rate: float
) -> tuple[OodRule, ...]:
    """For each fold, the rule of the scores of all other folds; `scores` are fold after fold."""
    numbers = np.repeat(range(len(folds)), [len(fold.unseen) for fold in folds])
    others = (np.flatnonzero(numbers != number).tolist() for number in range(len(folds)))
    return tuple(_rule([scores[i] for i in kept], [data.sequences[i] for i in kept], rate) for kept in others)
