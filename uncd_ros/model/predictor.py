# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image in, prediction out: numpy around an engine, for images of any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ImageError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.engine import Engine, EngineOutput
from uncd_ros.model.fit import DEFAULT_FIT, Area, Placement, Size, place
from uncd_ros.model.store import StoredModel
from uncd_ros.model.torch_engine import TorchEngine
from uncd_ros.network.student import StudentOutput
from uncd_ros.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the student says about one image, at that image's size."""

    labels: NDArray[np.uint8]
    """(H, W) class ids; 255 outside of `seen`."""
    uncertainty: NDArray[np.float32]
    """(H, W), in [0, upper] of the model card's `uncertainty`; `upper` outside of `seen`."""
    score: float
    """Image score, of the kind that the model card names; higher is more anomalous."""
    confidence: NDArray[np.uint8] | None
    """(H, W), 255 x P(label is correct), by the model card's `confidence`; 0 outside of `seen`.

    None unless asked for.
    """
    seen: Area
    """The part of the image that the network saw: all of it, unless it was cropped."""
    anomaly: NDArray[np.uint8] | None = None
    """(H, W), 255 x the share of the calibration's pixels that are less anomalous; 0 outside of `seen`.

    None unless asked for, or where the model has no anomaly score.
    """


class Predictor:
    """Runs one model in single passes of an engine."""

    def __init__(
        self, model: StoredModel, *, device: str = 'auto', fit: str = DEFAULT_FIT, engine: Engine | None = None
    ) -> None:
        """`fit`, one of FITS, says what happens to an image that has not the shape of the network's input.

        Without an `engine` torch runs on `device`; raises ConfigError for one that is not there.
        """
        self.engine: Engine = engine or TorchEngine(model, device)
        self.fit = fit

    @property
    def card(self) -> ModelCard:
        """Of the model, with the calibration of the engine."""
        return self.engine.card

    @property
    def device_name(self) -> str:
        """'cpu', or what the CUDA device calls itself."""
        return self.engine.device_name

    def warm_up(self) -> None:
        """Let the kernels be chosen and memory be taken before the first camera image waits for it."""
        self.predict(np.zeros((*self.card.student.input_size, 3), np.uint8))

    def predict(self, image: NDArray[np.uint8], *, confidence: bool = False, anomaly: bool = False) -> Prediction:
        """Segment one (H, W, 3) RGB image; a strided view, `bgr[..., ::-1]` among them, is not copied.

        Raises ImageError if the array is not such an image.
        """
        return self.predict_batch([image], Stopwatch(), confidence=confidence, anomaly=anomaly)[0]

    def predict_batch(
        self,
        images: Sequence[NDArray[np.uint8]],
        watch: Stopwatch,
        *,
        confidence: bool = False,
        anomaly: bool = False,
    ) -> list[Prediction]:
        """Segment one or more images, each of a size of its own; `watch` is told the stages.

        With `confidence` and `anomaly` every prediction has them; without, they cost nothing.
        """
        placements = self._place(images)
        outputs = self.engine.infer(images, placements, watch, confidence=confidence, anomaly=anomaly)
        return self._predictions(images, placements, outputs, watch)

    def predict_with_output(
        self,
        images: Sequence[NDArray[np.uint8]],
        watch: Stopwatch,
        *,
        confidence: bool,
        all_maps: bool,
        anomaly: bool = False,
    ) -> tuple[list[Prediction], list[StudentOutput]]:
        """As `predict_batch`, and the network's own maps, which only `TorchEngine.infer_with_output` gives."""
        placements = self._place(images)
        outputs, maps = self.torch_engine.infer_with_output(
            images, placements, watch, confidence=confidence, anomaly=anomaly, all_maps=all_maps
        )
        return self._predictions(images, placements, outputs, watch), maps

    @property
    def torch_engine(self) -> TorchEngine:
        """The engine, where it is torch."""
        assert isinstance(self.engine, TorchEngine)
        return self.engine

    def _place(self, images: Sequence[NDArray[np.uint8]]) -> list[Placement]:
        """Where each image goes in the network's input. Raises ImageError."""
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
                raise ImageError(f'image is {image.dtype} {image.shape}, expected uint8 (H, W, 3)')
        return [place(self.fit, (image.shape[0], image.shape[1]), self.card.student.input_size) for image in images]

    def _predictions(
        self,
        images: Sequence[NDArray[np.uint8]],
        placements: Sequence[Placement],
        outputs: Sequence[EngineOutput],
        watch: Stopwatch,
    ) -> list[Prediction]:
        predictions = [
            self._prediction(output, placement, (image.shape[0], image.shape[1]))
            for image, placement, output in zip(images, placements, outputs, strict=True)
        ]
        watch.lap('download')
        return predictions

    def _prediction(self, output: EngineOutput, placement: Placement, size: Size) -> Prediction:
        """At the size of its image."""
        upper, confidence, anomaly = self.card.uncertainty.upper, output.confidence, output.anomaly
        return Prediction(
            labels=_to_image(output.labels, placement, size, IGNORE_INDEX, cv2.INTER_NEAREST_EXACT),
            uncertainty=_to_image(output.uncertainty, placement, size, upper, cv2.INTER_LINEAR),
            score=output.score,
            confidence=None if confidence is None else _to_image(confidence, placement, size, 0, cv2.INTER_LINEAR),
            seen=placement.seen,
            anomaly=None if anomaly is None else _to_image(anomaly, placement, size, 0, cv2.INTER_LINEAR),
        )


def _to_image(
    array: NDArray[Any], placement: Placement, size: Size, outside: float, interpolation: int
) -> NDArray[Any]:
    """(h, w) of the filled area -> (H, W) of the image's size; `outside` is the value where nothing was seen."""
    seen = placement.seen
    if array.shape != seen.size:
        array = cv2.resize(array, (seen.width, seen.height), interpolation=interpolation)
    if seen.size == size:
        return array
    whole = np.full(size, outside, array.dtype)
    whole[seen.index] = array
    return whole
