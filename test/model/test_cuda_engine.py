# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Half precision on CUDA: what a graph records is tested on the CPU, the graphs where there is a device."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from uncd_ros.errors import ConfigError
from uncd_ros.model import engine_choice
from uncd_ros.model.cuda_engine import GRAPHS_KEPT, CudaEngine, ImageKind
from uncd_ros.model.engine_choice import choose_engine
from uncd_ros.model.engine_parity import infer_one
from uncd_ros.model.engine_wish import EngineWish
from uncd_ros.model.fit import FITS, place
from uncd_ros.model.inference import anomaly_levels, as_it_lies
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import StoredModel, load_model
from uncd_ros.model.torch_engine import TorchEngine
from uncd_ros.stopwatch import Stopwatch

CPU = torch.device('cpu')
HALF = EngineWish(engine='torch', precision='f16')
RANDOM = np.random.default_rng(0)
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason='no CUDA device')


def image_of(height: int, width: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize('fit', FITS)
@pytest.mark.parametrize('bgr', [False, True])
def test_what_a_graph_records_is_what_torch_gives(anomaly_model: Path, fit: str, bgr: bool) -> None:
    model, image = load_model(anomaly_model), image_of(60, 91)
    image = image[..., ::-1] if bgr else image
    placement = place(fit, image.shape[:2], (48, 64))
    (expected,) = TorchEngine(model, 'cpu').infer([image], [placement], Stopwatch(), confidence=True, anomaly=True)
    seen, is_bgr = as_it_lies(image[placement.seen.index])
    kind = ImageKind(seen.shape, is_bgr, placement.filled, confidence=True, anomaly=True)
    with torch.inference_mode():
        pixels = torch.from_numpy(np.ascontiguousarray(seen))
        computed = CudaEngine(model, CPU).compute(pixels, kind)
    assert np.mean(computed['labels'].numpy() == expected.labels) > 0.99
    np.testing.assert_allclose(computed['uncertainty'].numpy(), expected.uncertainty, atol=0.01)
    point = 255 * np.diff(model.card.confidence.table).max() + 1  # rounding may tip a pixel into the next of few points
    np.testing.assert_allclose(computed['confidence'].numpy(), expected.confidence.astype(int), atol=point)
    levels = anomaly_levels(model.card, computed['anomaly'], 0, placement.filled)
    assert levels is not None and expected.anomaly is not None
    assert np.abs(levels.astype(int) - expected.anomaly).mean() < 2.0
    assert float(computed['score']) == pytest.approx(expected.score, abs=0.02)


def test_the_whitening_stays_in_full_precision(tiny_model: Path) -> None:
    model = load_model(tiny_model)
    model.student.mahalanobis.whitening.mul_(1e6)  # more than half precision can hold
    engine = CudaEngine(model, CPU)
    assert {each.dtype for each in engine.student.student.trunk.parameters()} == {torch.float16}
    with torch.inference_mode():
        output = engine.student(torch.zeros(1, 3, 48, 64), std='classes', features=True, coarse='none')
    assert {each.dtype for each in output if each is not None} == {torch.float32}
    assert torch.isfinite(output.features).all()


def test_half_precision_needs_a_device(tiny_model: Path) -> None:
    choice = choose_engine(load_model(tiny_model), 'cpu', HALF, check=lambda: None)
    assert (choice.engine.name, choice.engine.precision) == ('torch', 'f32')
    assert choice.warning == 'engine torch f16 is not used: it needs a CUDA device: torch f32 runs'


def test_openvino_has_no_f16() -> None:
    with pytest.raises(ConfigError, match='precision is f16, but engine openvino computes in f32, bf16 or int8'):
        EngineWish(engine='openvino', precision='f16')


class OnCuda(TorchEngine):
    """Torch on a device that is not there."""

    device_name = 'a card'

    def __init__(self, model: StoredModel, _: object) -> None:
        super().__init__(model, 'cpu')


class Half(OnCuda):
    """Half precision there; `fault` says what is wrong with it."""

    precision = 'f16'
    fault = ''

    def __init__(self, model: StoredModel, device: object) -> None:
        if self.fault == 'recording':
            raise RuntimeError('CUDA error: operation not permitted when stream is capturing\nmore of it')
        super().__init__(model, device)

    def infer(self, *args: Any, **options: Any) -> Any:
        outputs = super().infer(*args, **options)
        if self.fault == 'labels':
            return [replace(each, labels=each.labels + 1) for each in outputs]
        return [replace(each, score=each.score + 1e3) for each in outputs] if self.fault == 'score' else outputs


@pytest.mark.parametrize(
    ('fault', 'precision', 'warning'),
    [
        ('', 'f16', ''),
        ('labels', 'f32', 'labels are equal to those of torch on 0.0% of the pixels, expected 100.0%'),
        ('score', 'f32', 'image scores are +1000.000 from those of torch, expected +0.000'),
        (
            'recording',
            'f32',
            'engine torch f16 is not used: CUDA error: operation not permitted when stream is capturing',
        ),
    ],
)
def test_half_precision_must_give_what_full_precision_gives(
    tiny_model: Path, fault: str, precision: str, warning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_choice, 'TorchEngine', OnCuda)
    monkeypatch.setattr(engine_choice, 'CudaEngine', Half)
    monkeypatch.setattr(Half, 'fault', fault)
    choice = choose_engine(load_model(tiny_model), 'cuda', HALF, check=lambda: None)
    assert (choice.engine.name, choice.engine.precision) == ('torch', precision)
    assert warning in choice.warning and bool(warning) == bool(choice.warning)


@needs_cuda
@pytest.mark.parametrize('fit', FITS)
@pytest.mark.parametrize('more', [False, True])
def test_a_graph_gives_what_torch_gives(anomaly_model: Path, fit: str, more: bool) -> None:
    model = load_model(anomaly_model)
    images = [image_of(60, 91), image_of(48, 64)[..., ::-1], image_of(60, 91), image_of(60, 91), image_of(120, 160)]
    expected = Predictor(model, device='cpu', fit=fit).predict_batch(images, Stopwatch(), confidence=more, anomaly=more)
    predictor = Predictor(model, fit=fit, engine=CudaEngine(model, torch.device('cuda')))
    for _ in range(3):  # recorded, then replayed
        found = predictor.predict_batch(images, Stopwatch(), confidence=more, anomaly=more)
        for ours, theirs in zip(found, expected, strict=True):
            assert np.mean(ours.labels == theirs.labels) > 0.99
            np.testing.assert_allclose(ours.uncertainty, theirs.uncertainty, atol=0.02)
            assert ours.score == pytest.approx(theirs.score, abs=0.02)
            assert (ours.confidence is not None) == (ours.anomaly is not None) == more


@needs_cuda
def test_results_are_copies(tiny_model: Path) -> None:
    engine = CudaEngine(load_model(tiny_model), torch.device('cuda'))
    first, image = infer_one(engine, image_of(48, 64)), image_of(48, 64)
    kept = first.uncertainty.copy()
    for _ in range(4):
        infer_one(engine, image)
    np.testing.assert_array_equal(first.uncertainty, kept)


@needs_cuda
def test_graphs_do_not_pile_up(tiny_model: Path) -> None:
    engine = CudaEngine(load_model(tiny_model), torch.device('cuda'))
    for width in range(64, 64 + GRAPHS_KEPT + 3):
        infer_one(engine, image_of(48, width))
    before = torch.cuda.memory_allocated()
    for width in range(164, 164 + GRAPHS_KEPT + 3):
        infer_one(engine, image_of(48, width))
    assert torch.cuda.memory_allocated() < 2 * before
