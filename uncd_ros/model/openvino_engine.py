# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An exported network run by OpenVINO on the CPU; the one module at run time that imports it."""

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncd_ros.errors import EngineError, UnsuitableEngineError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.engine import EngineOutput
from uncd_ros.model.engine_wish import BF16, INT8, OPENVINO
from uncd_ros.model.fit import Area, Placement, Size
from uncd_ros.model.inference import anomaly_levels, network_input
from uncd_ros.network.student import Normalise
from uncd_ros.scores.image import reduce_score
from uncd_ros.stopwatch import Stopwatch

IMAGE = 'image'
"""Input of the exported graph: (1, h, w, 3) uint8 RGB of the network's size."""
LABELS, UNCERTAINTY, OTHERS, SCORE = 'labels', 'uncertainty', 'others', 'score'
"""Its outputs: (1, h, w) uint8, (1, h, w) float32, (1, h, w) float32 as `StudentOutput`, (1,) float32."""
CONFIDENCE = 'confidence'
"""One more of an ONNX file: (1, h, w) uint8. Few images need it, and this engine makes it of the others for those."""
SCORE_MAP, DISTANCE = 'score_map', 'distance'
"""More of them: (1, h, w) float32 and (1,) float32, of which the score of a letterboxed image is made."""
ANOMALY = 'anomaly'
"""And of a model with an anomaly score, that: (1, h/s, w/s) float32."""

_CPU_FLAGS = {INT8: ('avx512_vnni', 'avx_vnni', 'asimddp'), BF16: ('avx512_bf16', 'amx_bf16', 'bf16')}
"""Precision -> features of a CPU, as Linux calls them, one of which it needs: without, int8 sums may saturate, and
bfloat16 is float32 with detours."""
_CPUINFO = Path('/proc/cpuinfo')


class OpenVinoEngine:
    """Runs images one after another; threads are OpenVINO's own, as many as torch has."""

    name, device_name, device_memory = OPENVINO, 'cpu', 0

    def __init__(self, graph: bytes, weights: bytes, *, precision: str, card: ModelCard) -> None:
        """`graph` and `weights` are the contents of an .xml and a .bin file.

        Raises EngineError where OpenVINO is missing, the CPU lacks a feature, or the network does not fit the card.
        """
        self.precision, self.card = precision, card
        self._normalise = Normalise(card.student)
        self._points = card.confidence.points(torch.device('cpu'))
        self._files = graph, weights
        check_cpu(precision)
        self.request = self._compiled(with_anomaly=False)
        """What it runs; to be timed by others."""

    @cached_property
    def _anomaly_request(self) -> Any:
        """What it runs while anomaly levels are wanted; made for the first of them, which waits for it once.

        A graph computes all of its outputs, so one for both would never cost nothing.
        """
        return self._compiled(with_anomaly=True)

    def _compiled(self, *, with_anomaly: bool) -> Any:
        """A request for the network with or without its anomaly score. Raises EngineError."""
        openvino = import_openvino()
        graph, weights = self._files
        try:
            core = _core(openvino)
            model = core.read_model(graph, openvino.Tensor(np.frombuffer(weights, np.uint8)))
            _check_form(model, self._normalise.size, self.card)
            for output in model.outputs:
                if ANOMALY in output.names and not with_anomaly:
                    model.remove_result(output.node)
            return core.compile_model(model, 'CPU', _config(self.precision)).create_infer_request()
        except RuntimeError as error:
            raise EngineError(f'OpenVINO refuses the network ({" ".join(str(error).split())[:200]})') from None

    @torch.inference_mode()
    def infer(
        self,
        images: Sequence[NDArray[np.uint8]],
        placements: Sequence[Placement],
        watch: Stopwatch,
        *,
        confidence: bool,
        anomaly: bool,
    ) -> list[EngineOutput]:
        """As `Engine`."""
        outputs = []
        request = self._anomaly_request if anomaly and self.card.anomaly else self.request
        for image, placement in zip(images, placements, strict=True):
            pixels = self._input(image, placement)
            watch.lap('upload')
            results = request.infer({IMAGE: pixels}, share_inputs=True, share_outputs=True)
            watch.lap('forward')
            maps = {name: value for output, value in results.items() for name in output.names}
            outputs.append(self._output(maps, placement.filled, confidence=confidence))
            watch.lap('download')
        return outputs

    def _input(self, image: NDArray[np.uint8], placement: Placement) -> NDArray[np.uint8]:
        """(1, h, w, 3) of the network's size; without torch where nothing is resized: its threads would still spin."""
        if image.shape[:2] == placement.seen.size == placement.filled.size == self._normalise.size:
            return np.ascontiguousarray(image)[None]
        pixels = network_input(self._normalise, image, placement, torch.device('cpu'))
        found: NDArray[np.uint8] = pixels.permute(0, 2, 3, 1).contiguous().numpy()
        return found

    def _output(self, maps: Mapping[str, NDArray[Any]], area: Area, *, confidence: bool) -> EngineOutput:
        index = (0, *area.index)
        return EngineOutput(  # copies: the next image takes the memory
            labels=maps[LABELS][index].copy(),
            uncertainty=maps[UNCERTAINTY][index].copy(),
            confidence=self._confidence(maps)[index].numpy() if confidence else None,
            anomaly=anomaly_levels(self.card, torch.from_numpy(maps[ANOMALY]), 0, area) if ANOMALY in maps else None,
            score=self._score(maps, area),
        )

    def _confidence(self, maps: Mapping[str, NDArray[Any]]) -> Tensor:
        others, uncertainty = torch.from_numpy(maps[OTHERS]), torch.from_numpy(maps[UNCERTAINTY])
        return self.card.confidence.confidence(others, uncertainty, self._points)

    def _score(self, maps: Mapping[str, NDArray[Any]], area: Area) -> float:
        """Of the filled area; that of the whole input is the graph's own, which spares torch's threads a wake-up."""
        if SCORE in maps and area.size == self._normalise.size:
            return float(maps[SCORE][0])
        score_map = torch.from_numpy(maps.get(SCORE_MAP, maps[UNCERTAINTY]))[(slice(None), *area.index)]
        distance = torch.from_numpy(maps[DISTANCE]) if DISTANCE in maps else None
        return float(reduce_score(self.card.image_score, score_map, distance))


def has_openvino() -> bool:
    """Whether it is installed."""
    return find_spec('openvino') is not None


def import_openvino() -> ModuleType:
    """Raises EngineError where it is not installed."""
    try:
        return import_module('openvino')
    except ImportError as error:
        raise EngineError(f"OpenVINO is not installed ({error}): pip install 'uncd_ros[openvino]'") from None


@cache
def _core(openvino: ModuleType) -> Any:
    """The one Core of this process; it lives as long.

    Each Core gives its thread an alternate signal stack, and takes it away at its end. If the older of two ends first,
    the end of the newer brings back the stack of the older, which is gone: the next signal ends the process.
    """
    return openvino.Core()


def check_cpu(precision: str) -> None:
    """Raise EngineError where this CPU lacks what the precision needs, as far as it says so."""
    needed = _CPU_FLAGS.get(precision, ())
    try:
        found = _CPUINFO.read_text().split()
    except OSError:
        return
    if needed and not {*needed} & {*found}:
        raise UnsuitableEngineError(f'the CPU has none of {", ".join(needed)}, which {precision} needs')


def _check_form(model: Any, size: Size, card: ModelCard) -> None:
    names = {name for output in model.outputs for name in output.names}
    expected = {LABELS, UNCERTAINTY, OTHERS} | ({ANOMALY} if card.anomaly else set())
    shape = [1, *size, 3]
    (found,) = (list(each.shape) for each in model.inputs) if len(model.inputs) == 1 else (None,)
    if found != shape or not expected <= names:
        raise EngineError(f'takes {found} and gives {sorted(names)}, expected {shape} and {sorted(expected)}')


def _config(precision: str) -> dict[str, Any]:
    return {
        'PERFORMANCE_HINT': 'LATENCY',
        'INFERENCE_PRECISION_HINT': 'bf16' if precision == BF16 else 'f32',
        'INFERENCE_NUM_THREADS': torch.get_num_threads(),
    }
