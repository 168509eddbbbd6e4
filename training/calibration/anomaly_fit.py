# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The anomaly score of a model: its terms standardised on calibration pixels, its weights chosen on unknown objects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

import cv2
import numpy as np
import torch
from torch import Tensor

from training.calibration.unseen import CalibrationFold
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.model.card import SelectionReport
from uncd_ros.model.inference import for_inference
from uncd_ros.network.student import Student, StudentOutput, upsample
from uncd_ros.obstacles.drivable import drivable_region
from uncd_ros.scores.anomaly import LEVELS, TERMS, AnomalyScore, AnomalyTerm, describe

WEIGHTS = {'energy': (0.0, 1.0), 'log_std': (0.0, 0.5, 1.0), 'feature_distance': (0.0, 1.0, 2.0)}
"""Candidate weights of each term."""
Weights = tuple[float, ...]
"""In the order of TERMS."""


def candidates() -> list[Weights]:
    """Every combination of weights, less those that rank alike."""
    weights = [each for each in product(*(WEIGHTS[name] for name in TERMS)) if any(each)]
    return list({tuple(np.divide(each, max(each))): each for each in reversed(weights)}.values())


def fit_anomaly_score(
    folds: Sequence[CalibrationFold], sets: Mapping[str, LabelledFrames], drivable: Sequence[int]
) -> tuple[AnomalyScore, SelectionReport]:
    """Standardise on unseen frames, choose the weights on `sets`, whose labels are 0 normal, 1 anomalous, 255 ignore.

    The best of them has the highest AP - FPR95 inside the drivable region, mean over the sets, each of which every
    student is shown. The students have their `feature_distance` already. Raises ConfigError where the sets show nothing
    to choose by.
    """
    pixels = torch.cat([_terms(output).flatten(1).T for output, _ in unseen_outputs(folds)])
    mean, std = pixels.mean(dim=0), pixels.std(dim=0).clamp_min(1e-6)
    rankings = {name: _rank(set_outputs(folds, frames), drivable, mean, std) for name, frames in sets.items()}
    selection, weights = _select(rankings)
    chosen = {
        name: AnomalyTerm(mean=float(mean[i]), std=float(std[i]), weight=weights[i])
        for i, name in enumerate(TERMS)
        if weights[i]
    }
    return AnomalyScore(terms=chosen, quantiles=_quantiles((pixels - mean) / std, weights)), selection


Outputs = Iterator[tuple[StudentOutput, LabelledFrame]]
"""What a student gives for a frame, at the network's size, frame after frame."""


def unseen_outputs(folds: Sequence[CalibrationFold]) -> Outputs:
    """Of each student for its unseen frames."""
    return _outputs((fold.student, fold.unseen) for fold in folds)


def set_outputs(folds: Sequence[CalibrationFold], frames: LabelledFrames) -> Outputs:
    """Of every student for all frames of a set."""
    return _outputs((fold.student, frames) for fold in folds)


def _outputs(pairs: Iterable[tuple[Student, LabelledFrames]]) -> Outputs:
    for student, frames in pairs:
        network = torch.inference_mode()(student_network(for_inference(student)))
        yield from ((network(as_batch(frame.image)), frame) for frame in frames)


def _terms(output: StudentOutput) -> Tensor:
    """(terms, h, w) at the coarse scale."""
    maps = output.coarse
    assert maps is not None
    return torch.stack([term(maps)[0] for term in TERMS.values()])


def _rank(outputs: Outputs, drivable: Sequence[int], mean: Tensor, std: Tensor) -> dict[Weights, tuple[float, float]]:
    """AP and FPR95 of each candidate over the pixels of the drivable region, at the network's size."""
    terms, anomalous = [], []
    for output, frame in outputs:
        labels = cv2.resize(frame.labels, output.logits.shape[:-3:-1], interpolation=cv2.INTER_NEAREST_EXACT)
        region = drivable_region(output.labels()[0].byte().numpy(), drivable)
        inside = torch.from_numpy(region & (labels != IGNORE_INDEX))
        standardised = (_terms(output) - mean[:, None, None]) / std[:, None, None]
        terms.append(upsample(standardised[None], labels.shape)[0][:, inside].T)
        anomalous.append(torch.from_numpy(labels == 1)[inside])
    values, positive = torch.cat(terms), torch.cat(anomalous)
    figures = {}
    for weights in candidates():
        ranking = Ranking()
        ranking.update(values @ torch.tensor(weights), positive)
        figures[weights] = ranking.aupr(), ranking.fpr95()
    return figures


def _select(rankings: Mapping[str, Mapping[Weights, tuple[float, float]]]) -> tuple[SelectionReport, Weights]:
    means = {
        weights: float(np.mean([np.subtract(*of_set[weights]) for of_set in rankings.values()]))
        for weights in candidates()
    }
    if not rankings or np.isnan(list(means.values())).any():
        raise ConfigError(
            'no anomalous pixel lies in the drivable region of one of the sets, expected some to choose the weights by'
        )
    best = max(means, key=means.__getitem__)
    figures = {
        describe(named_weights(weights)): {
            key: value
            for name, of_set in rankings.items()
            for key, value in zip((f'{name}_ap', f'{name}_fpr95'), of_set[weights], strict=True)
        }
        for weights in sorted(means, key=means.__getitem__, reverse=True)
    }
    reason = (
        f'{describe(named_weights(best))} is best by AP - FPR95 of unknown pixels inside the drivable region, '
        f'{means[best]:.3f}, mean over {", ".join(rankings)}.'
    )
    return SelectionReport(figures=figures, reason=reason), best


def named_weights(weights: Weights) -> dict[str, float]:
    """By term."""
    return dict(zip(TERMS, weights, strict=True))


def _quantiles(standardised: Tensor, weights: Weights) -> tuple[float, ...]:
    scores = (standardised @ torch.tensor(weights)).double().numpy()
    shares = np.arange(1, LEVELS + 1) / (LEVELS + 1)
    found: list[float] = np.quantile(scores, shares, method='higher').tolist()
    return tuple(found)
