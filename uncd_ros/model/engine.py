# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What runs a model's network: the interface that torch and other runtimes share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from uncd_ros.model.card import ModelCard
from uncd_ros.model.fit import Placement
from uncd_ros.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOutput:
    """What a model gives for one image, at the network's scale and without padding: (h, w) of the filled area."""

    labels: NDArray[np.uint8]
    """(h, w) class ids."""
    uncertainty: NDArray[np.float32]
    """(h, w), in [0, upper] of the model card's `uncertainty`."""
    confidence: NDArray[np.uint8] | None
    """(h, w), 255 x P(label is correct); None unless asked for."""
    anomaly: NDArray[np.uint8] | None
    """(h, w), levels of the anomaly score; None unless asked for, or where the model has none."""
    score: float
    """Image score; higher is more anomalous."""


class Engine(Protocol):
    """One network on one device in one precision."""

    @property
    def card(self) -> ModelCard:
        """Of the model, with the calibration of this engine."""

    @property
    def name(self) -> str:
        """One of ENGINES, for a person: 'torch'."""

    @property
    def precision(self) -> str:
        """One of PRECISIONS: 'f32'."""

    @property
    def device_name(self) -> str:
        """'cpu', or what the CUDA device calls itself."""

    @property
    def device_memory(self) -> int:
        """Bytes that its tensors take on a CUDA device; 0 on the CPU."""

    def infer(
        self,
        images: Sequence[NDArray[np.uint8]],
        placements: Sequence[Placement],
        watch: Stopwatch,
        *,
        confidence: bool,
        anomaly: bool,
    ) -> list[EngineOutput]:
        """Segment (H, W, 3) RGB images, each placed in the network's input; `watch` is told the stages."""
