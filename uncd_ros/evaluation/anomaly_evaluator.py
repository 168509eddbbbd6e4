# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection of unknown objects, pixel by pixel and as components; the frames of a set stream, twice.

The first time ranks pixels. That gives the threshold of each score at which, the second time, components are counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from uncd_ros.evaluation.anomaly_frame import DRIVABLE, WHOLE, AnomalyFrame, score_frame
from uncd_ros.evaluation.anomaly_results import AnomalyResult, DrivableAnomaly, PixelAnomaly
from uncd_ros.evaluation.components import ComponentMetrics
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import EvaluatedModel

Key = tuple[str, str, str]
"""Region, evaluated model, score."""
Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Recall, and precision at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyExample:
    """One frame to look at, with the first model's scores of it."""

    frame: LabelledFrame
    region: NDArray[np.bool_]
    """(H, W) drivable and not ignored."""
    scores: Mapping[str, NDArray[np.float32]]
    """Name -> (H, W)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalySet:
    """What one set of images with unknown objects has shown."""

    results: Mapping[str, AnomalyResult]
    """By evaluated model."""
    curves: Mapping[str, Mapping[str, Curve]]
    """Region -> score of the first model -> its precision-recall curve."""
    examples: Sequence[AnomalyExample]


@torch.inference_mode()
def evaluate_anomalies(
    first: Iterable[LabelledFrame],
    again: Iterable[LabelledFrame],
    models: Sequence[EvaluatedModel],
    drivable: Sequence[int],
    examples: Sequence[int],
) -> AnomalySet:
    """Evaluate every score of every model; `first` and `again` are the same frames.

    Labels of the frames are 0 normal, 1 anomalous, 255 ignore. `drivable` are class ids of the first model, `examples`
    numbers of frames to keep.
    """
    rankings: dict[Key, Ranking] = {}
    kept, count = [], 0
    for number, frame in enumerate(first):
        scored = score_frame(frame, models, drivable)
        _rank(rankings, scored)
        if number in examples:
            kept.append(_example(frame, scored, models[0].name))
        count = number + 1
    components = {key: ComponentMetrics(ranking.best_f1_threshold()) for key, ranking in rankings.items()}
    for frame in again:
        _count_components(components, score_frame(frame, models, drivable))
    return AnomalySet(
        results={model.name: _result(model.name, count, rankings, components) for model in models},
        curves={region: _curves(rankings, region, models[0].name) for region in (WHOLE, DRIVABLE)},
        examples=kept,
    )


def _rank(rankings: dict[Key, Ranking], scored: AnomalyFrame) -> None:
    for region, inside in scored.regions.items():
        anomalous = scored.anomalous[inside]
        for (model, score), values in scored.scores.items():
            rankings.setdefault((region, model, score), Ranking()).update(values[inside], anomalous)


def _count_components(components: Mapping[Key, ComponentMetrics], scored: AnomalyFrame) -> None:
    anomalous = scored.anomalous.numpy()
    for (region, model, score), metrics in components.items():
        above = scored.scores[model, score] >= metrics.threshold
        metrics.update(above.numpy(), anomalous, scored.regions[region].numpy())


def _example(frame: LabelledFrame, scored: AnomalyFrame, model: str) -> AnomalyExample:
    scores = {score: values.numpy() for (name, score), values in scored.scores.items() if name == model}
    return AnomalyExample(frame=frame, region=scored.regions[DRIVABLE].numpy(), scores=scores)


def _result(
    model: str, images: int, rankings: Mapping[Key, Ranking], components: Mapping[Key, ComponentMetrics]
) -> AnomalyResult:
    whole, drivable = (_pixels(rankings, region, model) for region in (WHOLE, DRIVABLE))
    anomalous = {region: ranking.positives() for (region, name, _), ranking in rankings.items() if name == model}
    return AnomalyResult(
        images=images,
        score=whole,
        components={key[2]: each.result() for key, each in components.items() if key[:2] == (WHOLE, model)},
        drivable=DrivableAnomaly(
            share=anomalous[DRIVABLE] / anomalous[WHOLE] if anomalous[WHOLE] else float('nan'),
            score=drivable,
            components={key[2]: each.result() for key, each in components.items() if key[:2] == (DRIVABLE, model)},
        ),
    )


def _pixels(rankings: Mapping[Key, Ranking], region: str, model: str) -> dict[str, PixelAnomaly]:
    return {
        key[2]: PixelAnomaly(ap=ranking.aupr(), auroc=ranking.auroc(), fpr95=ranking.fpr95())
        for key, ranking in rankings.items()
        if key[:2] == (region, model)
    }


def _curves(rankings: Mapping[Key, Ranking], region: str, model: str) -> dict[str, Curve]:
    """For the eye: at 200 recalls, whatever the number of scores."""
    recalls = np.linspace(0.0, 1.0, 200)
    curves = {}
    for key, ranking in rankings.items():
        if key[:2] == (region, model):
            precision, recall, _ = ranking.precision_recall()
            curves[key[2]] = recalls, np.interp(recalls, recall, precision)
    return curves
