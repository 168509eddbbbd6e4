# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model that serves on when its device fails: in smaller batches, then on the CPU, until all is well again."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from uncd_ros.errors import UncdError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.engine import Engine
from uncd_ros.model.engine_choice import EngineChoice, choose_engine
from uncd_ros.model.engine_wish import ANY_ENGINE, EngineWish
from uncd_ros.model.fit import DEFAULT_FIT
from uncd_ros.model.predictor import Prediction, Predictor
from uncd_ros.model.store import load_model
from uncd_ros.stopwatch import Stopwatch

RETRY_AFTER = 30.0
"""Seconds until a device that failed is tried again."""


class FallbackPredictor:
    """Predicts on the chosen device; in smaller batches or on the CPU while that device fails."""

    def __init__(
        self,
        make: Callable[[str], Predictor],
        device: str,
        *,
        choice: EngineChoice | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`make` gives a predictor on the device of a name, `clock` counts seconds. Raises what `make` raises.

        `choice` tells why the engine of the first predictor was taken.
        """
        self._make, self._device, self._clock = make, device, clock
        self._predictor = make(device)
        self._present = device
        self._batch: int | None = None
        self._retry_at = 0.0
        self.engine_summary = choice.summary if choice else ''
        """For the log: what runs the model, and why."""
        self.engine_warning = choice.warning if choice else ''
        """Which engines were refused and why, in one sentence; empty if none was."""
        self._device_fault = ''

    @property
    def degraded_reason(self) -> str:
        """Why it does not run as configured, in one sentence; empty if it does."""
        return '; '.join(filter(None, [self._device_fault, self.engine_warning]))

    @property
    def card(self) -> ModelCard:
        """Card of the model that predicts."""
        return self._predictor.card

    @property
    def device_name(self) -> str:
        """Where it computes at present."""
        return self._predictor.device_name

    @property
    def engine(self) -> Engine:
        """What computes at present."""
        return self._predictor.engine

    def warm_up(self) -> None:
        """Let the first camera image not wait for what is done once."""
        self._predictor.warm_up()

    def predict(
        self,
        images: Sequence[NDArray[np.uint8]],
        watch: Stopwatch,
        *,
        confidence: bool = False,
        anomaly: bool = False,
    ) -> list[Prediction]:
        """Segment (H, W, 3) RGB images in as few passes as the device has memory for; `watch` is told the stages.

        With `confidence` and `anomaly` every prediction has them; without, they cost nothing.
        Raises what the predictor raises if it is not the device's fault, or if the CPU fails, too.
        """
        if self._device_fault and self._clock() >= self._retry_at:
            self._recover()
        while True:
            size = min(len(images), self._batch or len(images))
            try:
                chunks = [images[i : i + size] for i in range(0, len(images), size)]
                return [
                    prediction
                    for chunk in chunks
                    for prediction in self._predictor.predict_batch(
                        chunk, watch, confidence=confidence, anomaly=anomaly
                    )
                ]
            except RuntimeError as error:
                if self._present == 'cpu' or not _is_device_error(error):
                    raise
                self._degrade(error, size)

    def _degrade(self, error: RuntimeError, size: int) -> None:
        """Ask less of the device than batches of `size`."""
        if isinstance(error, torch.cuda.OutOfMemoryError) and size > 1:
            self._batch = size // 2
            action = f'in batches of {self._batch}'
        else:
            self._predictor, self._present = self._make('cpu'), 'cpu'
            action = 'on the CPU'
        self._device_fault = f'device {self._device} failed, predicting {action} ({str(error).splitlines()[0]})'
        self._retry_at = self._clock() + RETRY_AFTER
        if isinstance(error, torch.cuda.OutOfMemoryError) and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _recover(self) -> None:
        """Go back to the chosen device if it works again."""
        try:
            predictor = self._make(self._device)
            predictor.warm_up()
        except (RuntimeError, UncdError):
            self._retry_at = self._clock() + RETRY_AFTER
        else:
            self._predictor, self._present = predictor, self._device
            self._batch, self._device_fault = None, ''


def load_predictor(
    model: str | Path,
    device: str,
    *,
    fit: str = DEFAULT_FIT,
    wish: EngineWish = ANY_ENGINE,
    check: Callable[[], None],
) -> FallbackPredictor:
    """Load a model folder, or a built-in model by its name, and warm it up; `fit` as in `Predictor`.

    `check` is called between the steps, none of which takes long, and may raise to give up. Raises UncdError
    for a model or device that is not there or does not work.
    """
    stored = load_model(model)
    check()
    try:
        choice = choose_engine(stored, device, wish, check=check)

        engines = [choice.engine]

        def make(name: str) -> Predictor:
            """Of the chosen engine; after a fault, of torch on the CPU, or of what is chosen anew on the device."""
            if not engines and name == device:
                engines.append(choose_engine(stored, device, wish, check=check).engine)
            return Predictor(stored, device=name, fit=fit, engine=engines.pop() if engines else None)

        predictor = FallbackPredictor(make, device, choice=choice)
        for _ in range(2):  # the first pass chooses kernels and takes memory, the second finds both
            check()
            predictor.warm_up()
    except RuntimeError as error:
        raise UncdError(f"model {stored.folder} does not run on device '{device}': {error}") from None
    return predictor


def _is_device_error(error: RuntimeError) -> bool:
    """Whether the device, not the input, is to blame; torch tells most of it in words only."""
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(
        word in str(error) for word in ('CUDA', 'cuDNN', 'CUBLAS')
    )
