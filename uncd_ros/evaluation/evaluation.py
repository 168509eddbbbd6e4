# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All that one evaluation measured, and what it says about each network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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
    """One model, with its rivals beside it, on labelled splits and on images of other worlds."""

    card: ModelCard
    """Of the student."""
    dataset: str
    evaluated_models: tuple[EvaluatedModel, ...]
    """The student first."""
    splits: Mapping[str, SplitEvaluator]
    """The one that the report is about first."""
    ood_sets: Mapping[str, Mapping[str, ImageScores]]
    """Set of strange images -> evaluated_model -> scores."""
    shifts: Mapping[str, ShiftEvaluator]
    weather: Mapping[str, Mapping[str, ShiftEvaluator]]
    """Split -> weather -> all evaluated_models before the split's own frames in it: only the weather is strange."""
    seen_sequences: frozenset[str]
    """Drives that the student was trained on."""
    calibration_sequences: frozenset[str]
    """Drives on which the student was calibrated."""
    every: int
    """Only every n-th frame of a set was judged."""
    cost: Cost | None
    notes: Mapping[str, str]
    """EvaluatedModel -> what a reader must know about it."""
    sweeps: tuple[str, ...]
    """Sections of Markdown: how this student was chosen among others of the same teacher; none if it was not."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, by id."""
        return tuple(info.name for info in self.card.classes)

    @property
    def threshold(self) -> float:
        """Image score above which the student calls a frame strange."""
        return self.card.ood.threshold()

    def judge(self, split: str, name: str) -> EvaluationResult:
        """Everything about one evaluated_model on one split."""
        trial, evaluated_model = self.splits[split], self._contender(name)
        pixels, images = trial.pixels[name], trial.images[name].values
        errors = {'served': evaluated_model.served, **UNCERTAINTY_KEYS}
        confidence, calm = pixels.confidence(), images[self.card.image_score]
        return EvaluationResult(
            segmentation=pixels.segmentation(self.classes),
            calibration=pixels.calibrated(),
            served=evaluated_model.served,
            error_detection={key: pixels.error_detection(source) for key, source in errors.items()},
            uncertain_above=confidence.threshold,
            p_accurate_certain=confidence.p_accurate_certain,
            p_uncertain_inaccurate=confidence.p_uncertain_inaccurate,
            retention=pixels.retention.curve(DROPPED),
            image_ood={
                world: self._image_ood(images, scores[name].values, name)
                for world, scores in self.worlds(split).items()
            },
            shift={world: shift.result(name) for world, shift in self.shifted(split).items()},
            # The threshold was found for the student's scores; another network's are on another scale.
            false_alarm=self._false_alarms(calm, trial.sequences) if name == STUDENT else None,
            spearman_to_teacher={std: each.spearman() for std, each in trial.agreement.get(name, {}).items()},
            milliseconds=trial.milliseconds(name),
        )

    def worlds(self, split: str) -> dict[str, Mapping[str, ImageScores]]:
        """Every set of strange images that a split is compared with, those with labels among them."""
        return {**self.ood_sets, **{name: shift.images for name, shift in self.shifted(split).items()}}

    def shifted(self, split: str) -> dict[str, ShiftEvaluator]:
        """Labelled frames of other worlds, and the split's own in bad weather."""
        return {**self.shifts, **self.weather.get(split, {})}

    def _false_alarms(self, calm: Sequence[float], sequences: Sequence[str]) -> FalseAlarms:
        is_calibration = self.calibration_sequences.issuperset(sequences)
        return false_alarms(calm, sequences, self.card.ood, is_calibration)

    def _contender(self, name: str) -> EvaluatedModel:
        return next(each for each in self.evaluated_models if each.name == name)

    def _image_ood(self, calm: dict[str, list[float]], strange: dict[str, list[float]], name: str) -> ImageOod:
        aurocs = {key.replace('neg_max_logit', 'maxlogit'): image_auroc(calm[key], strange[key]) for key in calm}
        served = strange[self.card.image_score]
        return ImageOod(
            images=len(served),
            auroc={'served': image_auroc(calm[self.card.image_score], served), **aurocs},
            alarm_rate=float((np.asarray(served) > self.threshold).mean()) if name == STUDENT else float('nan'),
        )
