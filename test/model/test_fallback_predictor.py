# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of images when the device fails, and when it is well again."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from uncd_ros.errors import ConfigError, ImageError, ModelError, UncdError
from uncd_ros.model.fallback_predictor import RETRY_AFTER, FallbackPredictor, load_predictor
from uncd_ros.model.predictor import Prediction, Predictor
from uncd_ros.model.store import load_model
from uncd_ros.stopwatch import Stopwatch

IMAGES = [np.full((48, 64, 3), 40 * i, np.uint8) for i in range(5)]
LOST = 'CUDA error: the launch timed out and was terminated\nmore of it'


class Device:
    """A CUDA device that is not there: `room` images fit into its memory, and `is_lost` says that it fell off."""

    def __init__(self, model: Path) -> None:
        self.room, self.is_lost, self.now = 100, False, 0.0
        self.batches: list[tuple[str, int]] = []
        self._model = load_model(model)
        alone = Predictor(self._model, device='cpu')
        self.scores = [alone.predict(image).score for image in IMAGES]

    def make(self, name: str) -> Predictor:
        if name == 'cuda' and self.is_lost:
            raise RuntimeError(LOST)
        outer = self

        class OnDevice(Predictor):
            def predict_batch(
                self,
                images: list[NDArray[np.uint8]],
                watch: Stopwatch,
                *,
                confidence: bool = False,
                anomaly: bool = False,
            ) -> list[Prediction]:
                if name == 'cuda' and outer.is_lost:
                    raise RuntimeError(LOST)
                if name == 'cuda' and len(images) > outer.room:
                    raise torch.cuda.OutOfMemoryError('CUDA out of memory. Tried to allocate all there is')
                outer.batches.append((name, len(images)))
                return super().predict_batch(images, watch, confidence=confidence, anomaly=anomaly)

        return OnDevice(self._model, device='cpu')

    def clock(self) -> float:
        return self.now


@pytest.fixture
def device(tiny_model: Path) -> Device:
    return Device(tiny_model)


@pytest.fixture
def engine(device: Device) -> FallbackPredictor:
    return FallbackPredictor(device.make, 'cuda', clock=device.clock)


def batches_of(engine: FallbackPredictor, device: Device) -> list[tuple[str, int]]:
    """Predict all images, each with its own score; the batches it took."""
    device.batches.clear()
    predictions = engine.predict(IMAGES, Stopwatch())
    assert [prediction.score for prediction in predictions] == pytest.approx(device.scores, abs=1e-5)
    return device.batches


def test_all_in_one_batch_when_all_is_well(engine: FallbackPredictor, device: Device) -> None:
    assert batches_of(engine, device) == [('cuda', 5)]
    assert engine.degraded_reason == ''


def test_confidence_comes_when_it_is_asked_for(engine: FallbackPredictor, device: Device) -> None:
    device.room = 2
    asked = engine.predict(IMAGES, Stopwatch(), confidence=True)
    assert [each.confidence is None for each in (*asked, *engine.predict(IMAGES, Stopwatch()))] == [False] * 5 + [
        True
    ] * 5


def test_batches_shrink_until_they_fit(engine: FallbackPredictor, device: Device) -> None:
    device.room = 1
    assert batches_of(engine, device) == [('cuda', 1)] * 5
    assert engine.degraded_reason.startswith('device cuda failed, predicting in batches of 1 (CUDA out of memory.')
    device.room = 100
    assert batches_of(engine, device) == [('cuda', 1)] * 5
    device.now = RETRY_AFTER
    assert batches_of(engine, device)[-1:] == [('cuda', 5)]
    assert engine.degraded_reason == ''


def test_memory_that_is_too_small_for_one_image_moves_it_to_the_cpu(engine: FallbackPredictor, device: Device) -> None:
    device.room = 0
    assert {name for name, _ in batches_of(engine, device)} == {'cpu'}
    assert 'predicting on the CPU' in engine.degraded_reason


def test_lost_device_moves_it_to_the_cpu_and_back(engine: FallbackPredictor, device: Device) -> None:
    device.is_lost = True
    assert batches_of(engine, device) == [('cpu', 5)]
    assert engine.degraded_reason == (
        'device cuda failed, predicting on the CPU (CUDA error: the launch timed out and was terminated)'
    )
    device.now = RETRY_AFTER
    assert batches_of(engine, device) == [('cpu', 5)]
    device.is_lost = False
    assert batches_of(engine, device) == [('cpu', 5)]
    device.now = 2 * RETRY_AFTER
    assert batches_of(engine, device)[-1:] == [('cuda', 5)]
    assert engine.degraded_reason == ''


def test_bad_image_is_not_the_devices_fault(engine: FallbackPredictor) -> None:
    with pytest.raises(ImageError):
        engine.predict([np.zeros((4, 4), np.uint8)], Stopwatch())
    assert engine.degraded_reason == ''


def test_load_engine_refuses_in_one_line(tiny_model: Path) -> None:
    with pytest.raises(ModelError):
        load_predictor(tiny_model.parent, 'cpu', check=lambda: None)
    with pytest.raises(ConfigError):
        load_predictor(tiny_model, 'abacus', check=lambda: None)


def test_loading_may_be_given_up(tiny_model: Path) -> None:
    def enough() -> None:
        raise UncdError('enough')

    with pytest.raises(UncdError, match='enough'):
        load_predictor(tiny_model, 'cpu', check=enough)
    assert load_predictor(tiny_model, 'cpu', check=lambda: None).card.name == 'tiny'
