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
from uncd_ros.model.obstacle_search import find_obstacles
from uncd_ros.model.predictor import Prediction, Predictor
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.monitor.scene_monitor import Decision, SceneMonitor, silence_reason
from uncd_ros.network.student import StudentOutput
from uncd_ros.obstacles.params import ObstacleParams
from uncd_ros.obstacles.tracker import Obstacle, ObstacleTracker
from uncd_ros.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameResult:
    """All that is known about one image."""

    frame: BagFrame
    seconds: float
    """From the bag's first message to this one, by the recorder's clock."""
    prediction: Prediction | None
    """None for an image that cannot be read."""
    output: StudentOutput | None
    """All maps of the same pass for what the network saw, at its scale; None for an image without labels."""
    decision: Decision
    obstacles: tuple[Obstacle, ...] | None
    """Unknown things on the road; None for a model that does not look for them, or an image that cannot be read."""
    pixels: NDArray[np.int64]
    """(C,) pixels of each class, of those that the network saw."""
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
    """One image and what the network gives for it."""

    frame: BagFrame
    prediction: Prediction | None
    """None for an image that cannot be read."""
    output: StudentOutput | None
    """As in `FrameResult`."""
    watch: Stopwatch


def predict(frames: Iterable[BagFrame], predictor: Predictor, *, confidence: bool) -> Iterator[Predicted]:
    """The predictions in order, with or without their confidence; an image with labels gives all maps of its pass.

    They have the anomaly where the model has its score.
    """
    for frame in frames:
        watch, prediction, output = Stopwatch(), None, None
        watch.seconds['read'] = frame.read_seconds
        if frame.image is not None:
            if frame.labels is None:
                (prediction,) = predictor.predict_batch([frame.image], watch, confidence=confidence, anomaly=True)
            else:
                (prediction,), (output,) = predictor.predict_with_output(
                    [frame.image], watch, confidence=confidence, anomaly=True, all_maps=True
                )
        yield Predicted(frame=frame, prediction=prediction, output=output, watch=watch)


def decide(
    predictions: Iterable[Predicted],
    card: ModelCard,
    alarm: AlarmParams,
    start: int,
    *,
    silent_after: float,
    obstacles: ObstacleParams,
) -> Iterator[FrameResult]:
    """The results in order; `start` is when the bag begins, in nanoseconds of its recorder's clock.

    A pause of more than `silent_after` seconds in the recording of the images raises the flag as it does in the node.
    """
    monitor, tracker = SceneMonitor(card.ood, alarm), ObstacleTracker()
    classes = len(card.classes)
    for predicted in predictions:
        began = time.perf_counter()
        frame, prediction = predicted.frame, predicted.prediction
        score = prediction.score if prediction else float('nan')
        image = frame.error if frame.image is None else frame.image
        assert image is not None
        if frame.silence > silent_after:
            monitor.without_image(silence_reason(frame.silence))
        decision = monitor.update(
            image,
            score,
            stamp=frame.stamp * 1e-9,
            arrival=frame.message.received * 1e-9,
            stated_size=frame.stated_size,
        )
        pixels: NDArray[np.int64] = np.zeros(classes, np.int64)
        sums: NDArray[np.float64] = np.zeros(classes)
        if prediction:
            seen = prediction.seen.index  # outside of it are no classes
            labels = prediction.labels[seen].ravel()
            pixels = np.bincount(labels, minlength=classes)
            sums = np.bincount(labels, prediction.uncertainty[seen].ravel(), classes).astype(np.float64, copy=False)
        yield FrameResult(
            frame=frame,
            seconds=(frame.message.received - start) / 1e9,
            prediction=prediction,
            output=predicted.output,
            decision=decision,
            obstacles=find_obstacles(tracker, prediction, card, obstacles, is_ood=decision.is_ood),
            pixels=pixels,
            uncertainty=sums,
            stages={**predicted.watch.seconds, 'decide': time.perf_counter() - began},
        )
