# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All that one evaluation measured, and what it says about each network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from uncd_ros.evaluation.anomaly_evaluator import AnomalySet
from uncd_ros.evaluation.cost import Cost
from uncd_ros.evaluation.false_alarms import FalseAlarms, false_alarms
from uncd_ros.evaluation.metrics import image_auroc
from uncd_ros.evaluation.pixel_metrics import PAPER, ImageScores
from uncd_ros.evaluation.results import EvaluationResult, ImageOod
from uncd_ros.evaluation.split_evaluator import STUDENT, EvaluatedModel, ShiftEvaluator, SplitEvaluator
from uncd_ros.model.card import ModelCard

DROPPED = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
"""Shares of the most uncertain pixels whose loss the report follows."""

UNCERTAINTY_KEYS = {
    'uncertainty': PAPER,
    'predicted_std': 'predicted_std',
    'entropy': 'entropy',
    'softmax': 'msp',
    'maxlogit': 'neg_max_logit',
}
"""Key in report.json -> name in `scores`; 'served' comes on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One model, with others for comparison beside it, on labelled splits and on OOD sets."""

    card: ModelCard
    """Of the student."""
    dataset: str
    evaluated_models: tuple[EvaluatedModel, ...]
    """The student first."""
    splits: Mapping[str, SplitEvaluator]
    """The one that the report is about first."""
    ood_sets: Mapping[str, Mapping[str, ImageScores]]
    """OOD set -> evaluated model -> image scores."""
    shifts: Mapping[str, ShiftEvaluator]
    weather: Mapping[str, Mapping[str, ShiftEvaluator]]
    """Split -> weather -> all evaluated models on the split's own frames in it."""
    anomaly: Mapping[str, AnomalySet] = field(default_factory=dict)
    """Sets of images with unknown objects; none in a bag."""
    seen_sequences: frozenset[str]
    """Drives that the student was trained on."""
    calibration_sequences: frozenset[str]
    """Drives on which the student was calibrated."""
    every: int
    """Only every n-th frame of a set was evaluated."""
    cost: Cost | None
    notes: Mapping[str, str]
    """Evaluated model -> what a reader must know about it."""
    sweeps: tuple[str, ...]
    """Sections of Markdown: how this student was selected among others of the same teacher; none if it was not."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, by id."""
        return tuple(info.name for info in self.card.classes)

    @property
    def threshold(self) -> float:
        """Image score above which the student calls a frame anomalous."""
        return self.card.ood.threshold()

    def result(self, split: str, name: str) -> EvaluationResult:
        """Everything about one evaluated model on one split."""
        evaluator, model = self.splits[split], self._model(name)
        pixels, images = evaluator.pixels[name], evaluator.images[name].values
        confidence, nominal_scores = pixels.confidence(), images[self.card.image_score]
        sources = {'served': model.served, **UNCERTAINTY_KEYS}
        return EvaluationResult(
            segmentation=pixels.segmentation(self.classes, model.foreground_above),
            calibration=pixels.calibrated(),
            served=model.served,
            error_detection={key: pixels.error_detection(source) for key, source in sources.items()},
            uncertain_above=confidence.threshold,
            p_accurate_certain=confidence.p_accurate_certain,
            p_uncertain_inaccurate=confidence.p_uncertain_inaccurate,
            patches=pixels.patches.confidence(confidence.threshold),
            retention=pixels.retention.curve(DROPPED),
            image_ood={
                ood_set: self._image_ood(images, scores[name].values, name)
                for ood_set, scores in self.image_scores(split).items()
            },
            shift={ood_set: shift.result(name) for ood_set, shift in self._shifts(split).items()},
            # The threshold was found for the student's scores; another network's are on another scale.
            false_alarm=self._false_alarms(nominal_scores, evaluator.sequences) if name == STUDENT else None,
            spearman_to_teacher={
                std: agreement.spearman() for std, agreement in evaluator.agreement.get(name, {}).items()
            },
            milliseconds=evaluator.milliseconds(name),
        )

    def image_scores(self, split: str) -> dict[str, Mapping[str, ImageScores]]:
        """Every OOD set that a split is compared with, those with labels among them -> model -> scores."""
        return {**self.ood_sets, **{name: shift.images for name, shift in self._shifts(split).items()}}

    def _shifts(self, split: str) -> dict[str, ShiftEvaluator]:
        """Labelled sets under domain shift, and the split's own frames in bad weather."""
        return {**self.shifts, **self.weather.get(split, {})}

    def _false_alarms(self, scores: Sequence[float], sequences: Sequence[str]) -> FalseAlarms:
        # Of a drive that the student was trained on as well, other students have set the threshold (cross-fitting).
        is_calibration = (self.calibration_sequences - self.seen_sequences).issuperset(sequences)
        return false_alarms(scores, sequences, self.card.ood, is_calibration)

    def _model(self, name: str) -> EvaluatedModel:
        return next(model for model in self.evaluated_models if model.name == name)

    def _image_ood(
        self, nominal_scores: Mapping[str, list[float]], ood_scores: Mapping[str, list[float]], name: str
    ) -> ImageOod:
        aurocs = {
            key.replace('neg_max_logit', 'maxlogit'): image_auroc(scores, ood_scores[key])
            for key, scores in nominal_scores.items()
        }
        served, served_score = ood_scores[self.card.image_score], self.card.image_score
        return ImageOod(
            images=len(served),
            auroc={'served': image_auroc(nominal_scores[served_score], served), **aurocs},
            alarm_rate=float((np.asarray(served) > self.threshold).mean()) if name == STUDENT else float('nan'),
        )
