# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The work on the newest image of each camera, all cameras in one pass of the network."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from uncd_ros.errors import ImageError
from uncd_ros.model.fallback_predictor import FallbackPredictor
from uncd_ros.model.files_check import ModelFiles
from uncd_ros.model.predictor import Prediction
from uncd_ros.node.decoding import open_decoder
from uncd_ros.node.mailbox import Mailbox
from uncd_ros.node.main_thread import MainThread
from uncd_ros.node.params import NodeParams
from uncd_ros.stopwatch import Stopwatch

STALL_AFTER = 5.0
"""Seconds after which a pass that has not returned counts as stalled; a slow one on a CPU takes one."""
CLOSE_WITHIN = 4.0
"""Seconds that closing waits for the pass at work; `ros2 launch` sends the next signal after 5."""

_NO_PIXELS: NDArray[np.uint8] = np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveModel:
    """The model and the parameters in force; exchanged whole, between two passes."""

    predictor: FallbackPredictor
    params: NodeParams
    files: ModelFiles


class Sender(Protocol):
    """A camera. Each image that it sends ends in exactly one call of `on_result` or `on_dropped`."""

    def needs_confidence(self, arrival: 'Arrival', active: ActiveModel) -> bool:
        """Whether the confidence of this image, which is next, must be computed; by the worker's thread."""

    def on_result(self, result: 'Result') -> None:
        """The image was worked on; by the worker's thread."""

    def on_dropped(self) -> None:
        """The image was given up, because the worker closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A camera image and when it came.

    Still encoded: a JPEG takes milliseconds, and most images of a fast camera are overtaken before their turn.
    """

    camera: Sender
    msg: Image | CompressedImage
    time: float
    """Seconds, steady clock."""
    age: float
    """Seconds since its stamp, by the node's clock; NaN where the stamps tell no time."""
    wants_confidence: bool
    """Whether anybody listens to the confidence of its pixels."""
    wants_anomaly: bool
    """Whether anybody looks at unknown things in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All that the worker knows about one image."""

    arrival: Arrival
    active: ActiveModel
    """With what it was worked on."""
    image: NDArray[np.uint8]
    """(H, W, 3) RGB, perhaps a view into the message; (0, 0, 3) for an image that cannot be decoded."""
    prediction: Prediction | Exception
    """Or why there is none: ImageError where the image cannot be decoded, what the predictor raised otherwise."""
    watch: Stopwatch
    """Holds the stages so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """What the worker is doing; replaced whole, so that any thread may read it."""

    waiting_since: float | None = None
    """Seconds, steady clock, since which it waits for the main thread; None once it has begun."""
    busy_since: float | None = None
    """Seconds, steady clock, at which the pass at work began; None between passes."""
    death: str = ''
    """What ended the thread; empty while it lives."""


class Worker:
    """Runs on the main thread from its making until it is closed."""

    def __init__(self, active: ActiveModel, main_thread: MainThread) -> None:
        self.active = active
        """With what the next pass works; may be exchanged at any time."""
        self.mailbox: Mailbox[Arrival] = Mailbox()
        self._state = WorkerState(waiting_since=time.monotonic())
        self._ended = threading.Event()
        self._abandoned = False
        self.decoder = open_decoder()
        main_thread.submit(self._run)

    def stall(self, now: float) -> str:
        """Why no image is worked on at `now`, seconds of the steady clock, in one sentence; empty if all is well."""
        state = self._state
        if state.death:
            return f'inference has ended: {state.death}'
        if state.busy_since is not None and now - state.busy_since > STALL_AFTER:
            return f'inference has not returned for {now - state.busy_since:.0f} s'
        if state.waiting_since is not None and now - state.waiting_since > STALL_AFTER:
            return f'inference has not begun for {now - state.waiting_since:.0f} s: a pass from before has not returned'
        return ''

    def close(self) -> str:
        """Let it finish the images it has; those that wait are dropped.

        Where that takes longer than CLOSE_WITHIN the pass is left behind, what it finishes is thrown away, and a
        sentence says so; else empty.
        """
        for arrival in self.mailbox.close():
            arrival.camera.on_dropped()
        begun = self._state.waiting_since is None
        self._abandoned = begun and not self._ended.wait(CLOSE_WITHIN)
        return f'inference has not returned within {CLOSE_WITHIN:g} s: left behind' if self._abandoned else ''

    def _run(self) -> None:
        self._state = WorkerState()
        try:
            while arrivals := self.mailbox.get():
                self._state = WorkerState(busy_since=time.monotonic())
                self._process(arrivals, self.active)
                self._state = WorkerState()
        except BaseException as error:  # SystemExit of a library among them; the thread must not end unseen
            self._state = WorkerState(death=f'{type(error).__name__}: {error}')
            raise
        finally:
            self._ended.set()

    def _process(self, arrivals: list[Arrival], active: ActiveModel) -> None:
        watch = Stopwatch()
        images = [self._decode(arrival.msg) for arrival in arrivals]
        watch.lap('convert')
        readable = [image for image in images if not isinstance(image, ImageError)]
        confidence = any(each.camera.needs_confidence(each, active) for each in arrivals)
        anomaly = any(each.wants_anomaly for each in arrivals)
        predictions = iter(_predict(active.predictor, readable, watch, confidence=confidence, anomaly=anomaly))
        if self._abandoned:
            return
        for arrival, image in zip(arrivals, images, strict=True):
            if isinstance(image, ImageError):
                result = Result(arrival=arrival, active=active, image=_NO_PIXELS, prediction=image, watch=watch)
            else:
                prediction = next(predictions)
                result = Result(arrival=arrival, active=active, image=image, prediction=prediction, watch=watch)
            arrival.camera.on_result(result)

    def _decode(self, msg: Image | CompressedImage) -> NDArray[np.uint8] | ImageError:
        """(H, W, 3) RGB, or why there is none."""
        try:
            return self.decoder.decode(msg)
        except ImageError as error:
            return error
        except Exception as error:
            return ImageError(f'{type(error).__name__}: {error}')


def _predict(
    predictor: FallbackPredictor,
    images: list[NDArray[np.uint8]],
    watch: Stopwatch,
    *,
    confidence: bool,
    anomaly: bool,
) -> Sequence[Prediction | Exception]:
    """One pass over images of any sizes; its error once for each if it fails."""
    if not images:
        return []
    try:
        return predictor.predict(images, watch, confidence=confidence, anomaly=anomaly)
    except Exception as error:
        return [error] * len(images)
