# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine that is always there: torch, on the CPU or a CUDA device."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncd_ros.errors import ConfigError
from uncd_ros.model.engine import EngineOutput
from uncd_ros.model.engine_wish import F32, TORCH
from uncd_ros.model.fit import Area, Placement
from uncd_ros.model.inference import (
    InferenceOutput,
    anomaly_levels,
    for_inference,
    infer,
    network_input,
    output_of,
)
from uncd_ros.model.store import StoredModel
from uncd_ros.network.student import StudentOutput
from uncd_ros.stopwatch import Stopwatch


class TorchEngine:
    """Keeps its own copy of the network, folded for inference; all images of a batch go through it in one pass."""

    name, precision = TORCH, F32

    def __init__(self, model: StoredModel, device: str) -> None:
        """Raises ConfigError for a device that is not there."""
        self.card = model.card
        self.device = choose_device(device)
        self.student = for_inference(model.student).to(self.device)
        """The network that it runs; to be read, not changed."""
        self._points = self.card.confidence.points(self.device)

    @property
    def device_name(self) -> str:
        """'cpu', or what the CUDA device calls itself."""
        return torch.cuda.get_device_name(self.device) if self.device.type == 'cuda' else 'cpu'

    @property
    def device_memory(self) -> int:
        """As `Engine`."""
        return torch.cuda.memory_allocated(self.device) if self.device.type == 'cuda' else 0

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
        return self.infer_with_output(
            images, placements, watch, confidence=confidence, anomaly=anomaly, all_maps=False
        )[0]

    @torch.inference_mode()
    def infer_with_output(
        self,
        images: Sequence[NDArray[np.uint8]],
        placements: Sequence[Placement],
        watch: Stopwatch,
        *,
        confidence: bool,
        anomaly: bool,
        all_maps: bool,
    ) -> tuple[list[EngineOutput], list[StudentOutput]]:
        """As `infer`, and the network's output of the same pass for what it saw of each image.

        At the network's own scale and on its device; padding is cut off. With `all_maps` it is all that the network
        can give; without, only what this model serves.
        """
        normalise = self.student.normalise
        inputs = [
            network_input(normalise, image, placement, self.device)
            for image, placement in zip(images, placements, strict=True)
        ]
        watch.lap('upload')
        x = normalise(torch.cat(inputs)).contiguous(memory_format=torch.channels_last)
        inferred = infer(self.student, self.card, x, all_maps=all_maps, anomaly=anomaly)
        maps = self._confidence(inferred) if confidence else None
        if self.device.type == 'cuda':
            torch.cuda.synchronize(self.device)  # or the download would be told the network's time
        watch.lap('forward')
        areas = [placement.filled for placement in placements]
        outputs = [self._output(inferred, maps, i, area) for i, area in enumerate(areas)]
        watch.lap('download')
        return outputs, [output_of(inferred.output, i, area) for i, area in enumerate(areas)]

    def _confidence(self, inferred: InferenceOutput) -> Tensor:
        return self.card.confidence.confidence(inferred.output.others, inferred.uncertainty, self._points)

    def _output(self, inferred: InferenceOutput, confidence: Tensor | None, i: int, area: Area) -> EngineOutput:
        return EngineOutput(
            labels=inferred.labels[i][area.index].cpu().numpy(),
            uncertainty=inferred.uncertainty[i][area.index].cpu().numpy(),
            confidence=None if confidence is None else confidence[i][area.index].cpu().numpy(),
            anomaly=anomaly_levels(self.card, inferred.anomaly, i, area),
            score=float(inferred.score(self.card.image_score, i, area)),
        )


def choose_device(name: str) -> torch.device:
    """'auto' is CUDA where there is one, else the CPU. Raises ConfigError for a device that is not there."""
    if name == 'auto':
        return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"device is '{name}', expected auto, cpu, cuda or cuda:N") from None
    if device.type == 'cuda' and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"device is '{name}', but torch sees {torch.cuda.device_count()} CUDA devices")
    return device
