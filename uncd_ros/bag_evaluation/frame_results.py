# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every image of a bag, once and in order, through what the node does with an image: predict, check, decide."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from uncd_ros.bags.frames import BagFrame
from uncd_ros.model.card import ModelCard
from uncd_ros.model.predictor import Prediction, Predictor
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.monitor.scene_monitor import Decision, SceneMonitor
from uncd_ros.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameResult:
    """All that is known about one image."""

    frame: BagFrame
    seconds: float
    """From the bag's first message to this one, by the recorder's clock."""
    prediction: Prediction | None
    """None for an image that cannot be read."""
    decision: Decision
    fault: str
    """What is wrong with the camera, in words that begin with the kind of fault; empty if nothing is."""
    pixels: NDArray[np.int64]
    """(C,) pixels of each class."""
    uncertainty: NDArray[np.float64]
    """(C,) sum of the uncertainty over the pixels of each class."""
    stages: dict[str, float]
    """Seconds by stage, in the order in which an image passes them. The one field that differs from run to run."""

    @property
    def score(self) -> float:
        """Image score; NaN for an image that cannot be read."""
        return self.prediction.score if self.prediction else float('nan')

    @property
    def mean_uncertainty(self) -> float:
        """Over all pixels; NaN for an image that cannot be read."""
        return float(self.uncertainty.sum() / self.pixels.sum()) if self.prediction else float('nan')


class Observer(Protocol):
    """Who makes something of the results, one by one."""

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """One image and the network's answer."""

    frame: BagFrame
    prediction: Prediction | None
    """None for an image that cannot be read."""
    watch: Stopwatch


def predict(frames: Iterable[BagFrame], predictor: Predictor, *, confidence: bool) -> Iterator[Predicted]:
    """The answers in order, with or without their confidence."""
    for frame in frames:
        watch, prediction = Stopwatch(), None
        watch.seconds['read'] = frame.read_seconds
        if frame.image is not None:
            (prediction,) = predictor.predict_batch([frame.image], watch, confidence=confidence)
        yield Predicted(frame=frame, prediction=prediction, watch=watch)


def decide(answers: Iterable[Predicted], card: ModelCard, timing: AlarmParams, start: int) -> Iterator[FrameResult]:
    """The results in order; `start` is when the bag begins, in nanoseconds of its recorder's clock."""
    monitor = SceneMonitor(card.ood, timing)
    classes = len(card.classes)
    for answer in answers:
        began = time.perf_counter()
        frame, prediction = answer.frame, answer.prediction
        score = prediction.score if prediction else float('nan')
        image = frame.error if frame.image is None else frame.image
        assert image is not None
        decision = monitor.update(image, score, stamp=frame.stamp * 1e-9, arrival=frame.message.received * 1e-9)
        pixels: NDArray[np.int64] = np.zeros(classes, np.int64)
        sums: NDArray[np.float64] = np.zeros(classes)
        if prediction:
            labels = prediction.labels.ravel()
            pixels = np.bincount(labels, minlength=classes)
            sums = np.bincount(labels, prediction.uncertainty.ravel(), classes).astype(np.float64, copy=False)
        yield FrameResult(
            frame=frame,
            seconds=(frame.message.received - start) / 1e9,
            prediction=prediction,
            decision=decision,
            fault=decision.fault,
            pixels=pixels,
            uncertainty=sums,
            stages={**answer.watch.seconds, 'judge': time.perf_counter() - began},
        )
