# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An engine beside torch on the calibration frames: its parity, its accuracy, and the calibration that follows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.metrics import CalibrationError, ConfusionMatrix, effective_counts
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.export.carry_over import Pair, carry_over, window
from uncd_ros.export.frames import Frame, Frames
from uncd_ros.model.card import ModelCard
from uncd_ros.model.engine import Engine, EngineOutput
from uncd_ros.model.engine_parity import ParityMeter, infer_one, score_spread
from uncd_ros.model.engine_record import Accuracy, EngineCalibration, Parity
from uncd_ros.monitor.ood_rule import OodRule

INHERIT_SHARE = 0.02
"""Of the spread of the calibration scores: an engine whose scores differ by less keeps torch's threshold."""
CONFIDENCE_MAX = 0.02
"""Mean difference of the confidence, or change of its calibration error, up to which torch's curve holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the frames say about one engine."""

    parity: Parity
    scores: tuple[float, ...]
    """The engine's image score of each frame, in order."""
    windows: tuple[Pair, ...] = ()
    """Scores of a window of each frame, by torch and by the engine; of a cross-fitted model only."""


class AccuracyMeter:
    """Accuracy over a stream of labelled images, at the size of the labels."""

    def __init__(self, card: ModelCard) -> None:
        self.images = 0
        self._confusion, self._errors = ConfusionMatrix(len(card.classes)), Ranking()
        self._calibration = CalibrationError()

    def update(self, output: EngineOutput, ground_truth: NDArray[np.uint8]) -> None:
        """What an engine gives for the next image, with confidence."""
        assert output.confidence is not None
        height, width = ground_truth.shape
        predicted = cv2.resize(output.labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        uncertainty = cv2.resize(output.uncertainty, (width, height), interpolation=cv2.INTER_LINEAR)
        confidence = cv2.resize(output.confidence, (width, height), interpolation=cv2.INTER_LINEAR)
        valid = ground_truth != IGNORE_INDEX
        wrong = torch.from_numpy(predicted != ground_truth)[valid]
        self._confusion.update(torch.from_numpy(predicted), torch.from_numpy(ground_truth))
        self._errors.update(torch.from_numpy(uncertainty)[valid], wrong)
        self._calibration.update(torch.from_numpy(confidence)[valid] / 255.0, ~wrong)
        self.images += 1

    def accuracy(self) -> Accuracy | None:
        """None where no image had labels."""
        if not self.images:
            return None
        return Accuracy(
            miou=self._confusion.miou(), confidence_ece=self._calibration.ece(), error_auroc=self._errors.auroc()
        )


def measure(
    reference: Engine, engines: Mapping[str, Engine], frames: Iterable[Frame], source: str
) -> dict[str, Measured]:
    """Run torch and each engine, by name, over all frames: one pass, in which they take turns."""
    card = reference.card
    meters = {name: ParityMeter() for name in engines}
    accuracies = {name: AccuracyMeter(card) for name in (*engines, '')}
    scores: dict[str, list[float]] = {name: [] for name in engines}
    windows: dict[str, list[Pair]] = {name: [] for name in engines}
    for index, frame in enumerate(frames):
        expected = infer_one(reference, frame.image)
        if frame.labels is not None:
            accuracies[''].update(expected, frame.labels)
        for name, engine in engines.items():
            output = infer_one(engine, frame.image)
            meters[name].update(expected, output)
            scores[name].append(output.score)
            if frame.labels is not None:
                accuracies[name].update(output, frame.labels)
        if card.is_cross_fitted:
            view = window(frame.image, index)
            expected = infer_one(reference, view)
            for name, engine in engines.items():
                windows[name].append((expected.score, infer_one(engine, view).score))
    labelled, of_torch = accuracies[''].images, accuracies[''].accuracy()
    return {
        name: Measured(
            parity=replace(
                meters[name].parity(source),
                labelled_images=labelled,
                torch=of_torch,
                engine=accuracies[name].accuracy(),
            ),
            scores=tuple(scores[name]),
            windows=tuple(windows[name]),
        )
        for name in engines
    }


def calibrate(card: ModelCard, measured: Measured, frames: Frames | None) -> EngineCalibration | str:
    """The calibration of an engine, or why it has none, in one sentence; `frames` are those that were measured.

    Without frames an engine may inherit torch's if its image scores are the same but for rounding. Frames that taught
    the student set no threshold: they tell how torch's is carried over.
    """
    parity, spread = measured.parity, score_spread(card.ood)
    if fault := _confidence_fault(parity):
        return fault
    if parity.score_difference <= INHERIT_SHARE * spread:
        reason = f'its image scores differ from those of torch by {parity.score_difference:.2g} at most'
        return EngineCalibration(ood=card.ood, inherited=True, reason=reason)
    if frames is None:
        return (
            f'it has no calibration of its own: its image scores differ from those of torch by up to '
            f'{parity.score_difference:.2g} of a spread of {spread:.2g}; export it with --calibration'
        )
    if card.is_cross_fitted and (seen := {*frames.sequences} & {*card.calibration_data.sequences}):
        return _carried_over(card, measured, sorted(seen))
    rule = OodRule(
        calibration_scores=tuple(sorted(measured.scores)),
        effective_n=sum(effective_counts(measured.scores, frames.sequences).values()),
        false_alarm_rate=card.ood.false_alarm_rate,
    )
    reason = f'its image scores of {len(frames)} calibration frames set the threshold'
    return EngineCalibration(ood=rule, inherited=False, reason=reason)


def _carried_over(card: ModelCard, measured: Measured, seen: Sequence[str]) -> EngineCalibration | str:
    """Of frames of the drives `seen`, which taught the student."""
    found = carry_over(card.ood, measured.windows)
    if isinstance(found, str):
        return f'it has no calibration of its own: the student was trained on the drive {seen[0]}, and {found}'
    reason = (
        f"torch's calibration scores, carried over by {found.pairs} windows of frames, set the threshold, for the "
        f'student was trained on these frames; slope {found.slope:.2f}, scatter {found.scatter:.2g}'
    )
    return EngineCalibration(ood=found.ood, inherited=False, reason=reason)


def _confidence_fault(parity: Parity) -> str:
    """Why the confidence curve, which holds the temperature, does not fit this engine; empty if it does."""
    if parity.torch and parity.engine:
        change = parity.engine.confidence_ece - parity.torch.confidence_ece
        if change > CONFIDENCE_MAX:
            return (
                f'its confidence is not calibrated: the expected calibration error is {change:.3f} higher than '
                f'with torch, expected {CONFIDENCE_MAX} at most'
            )
        return ''
    if parity.confidence_difference > CONFIDENCE_MAX:
        return (
            f'its confidence is not calibrated: it differs from that of torch by {parity.confidence_difference:.3f}, '
            f'expected {CONFIDENCE_MAX} at most'
        )
    return ''
