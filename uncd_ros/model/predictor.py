# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image in, prediction out: numpy around the student, on the device that suits it."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format

from uncd_ros.errors import ConfigError, ImageError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.store import StoredModel
from uncd_ros.network.encoders import fuse_batch_norms
from uncd_ros.network.student import StdMaps, Student, StudentOutput
from uncd_ros.scores.image import OF_FEATURES, image_score
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, pixel_uncertainty
from uncd_ros.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the student says about one image, at that image's size."""

    labels: NDArray[np.uint8]
    """(H, W) class ids."""
    uncertainty: NDArray[np.float32]
    """(H, W), in [0, upper] of the model card's `uncertainty`."""
    score: float
    """Image score, of the kind that the model card names; higher is more anomalous."""
    confidence: NDArray[np.uint8] | None = None
    """(H, W), 255 x P(label is correct), by the model card's `confidence`; None unless asked for."""


class Predictor:
    """Runs one student in single passes; keeps its own copy of the network, folded for inference."""

    def __init__(self, model: StoredModel, *, device: str = 'auto') -> None:
        self.card = model.card
        self.device = choose_device(device)
        self.student = for_inference(model.student).to(self.device)
        """The network that it runs; to be read, not changed."""

    @property
    def device_name(self) -> str:
        """'cpu', or what the CUDA device calls itself."""
        return torch.cuda.get_device_name(self.device) if self.device.type == 'cuda' else 'cpu'

    def warm_up(self) -> None:
        """Let the kernels be chosen and memory be taken before the first camera image waits for it."""
        blank = np.zeros((self.card.student.input_height, self.card.student.input_width, 3), np.uint8)
        self.predict(blank)

    @property
    def precision(self) -> str:
        """Type of number in which the network computes, such as 'float32'."""
        return str(next(self.student.parameters()).dtype).removeprefix('torch.')

    def predict(self, image: NDArray[np.uint8], *, confidence: bool = False) -> Prediction:
        """Segment one (H, W, 3) RGB image; a strided view, `bgr[..., ::-1]` among them, is not copied.

        Raises ImageError if the array is not such an image.
        """
        return self.predict_batch([image], Stopwatch(), confidence=confidence)[0]

    def predict_batch(
        self, images: Sequence[NDArray[np.uint8]], watch: Stopwatch, *, confidence: bool = False
    ) -> list[Prediction]:
        """Segment one or more images, each of a size of its own, in one pass; `watch` is told its stages.

        With `confidence` every prediction has one; without, it costs nothing.
        """
        return self.predict_with_output(images, watch, confidence=confidence, all_maps=False)[0]

    @torch.inference_mode()
    def predict_with_output(
        self, images: Sequence[NDArray[np.uint8]], watch: Stopwatch, *, confidence: bool, all_maps: bool
    ) -> tuple[list[Prediction], StudentOutput]:
        """As `predict_batch`, and the network's output of the same pass, at its own size and on its device.

        With `all_maps` that is all the network can give; without, only what this model serves.
        """
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
                raise ImageError(f'image is {image.dtype} {image.shape}, expected uint8 (H, W, 3)')
        uploaded = [_upload(image, self.device) for image in images]
        watch.lap('upload')
        x = torch.cat([self.student.preprocess(pixels, bgr=bgr) for pixels, bgr in uploaded])
        inferred = infer(self.student, self.card, x, all_maps=all_maps)
        maps = self.card.confidence.confidence(inferred.output, inferred.uncertainty) if confidence else None
        if self.device.type == 'cuda':
            torch.cuda.synchronize(self.device)  # or the download would be told the network's time
        watch.lap('forward')
        predictions = [
            Prediction(
                labels=_to_size(inferred.labels[i], image, cv2.INTER_NEAREST_EXACT),
                uncertainty=_to_size(inferred.uncertainty[i], image, cv2.INTER_LINEAR),
                score=float(inferred.scores[i]),
                confidence=None if maps is None else _to_size(maps[i], image, cv2.INTER_LINEAR),
            )
            for i, image in enumerate(images)
        ]
        watch.lap('download')
        return predictions, inferred.output


def for_inference(student: Student) -> Student:
    """A copy that is as fast as can be: batch norms folded, convolutions in the layout that suits them."""
    folded = copy.deepcopy(student).eval()
    fuse_batch_norms(folded)
    laid_out: Student = convert_conv2d_weight_memory_format(folded, torch.channels_last)
    return laid_out


class InferenceOutput(NamedTuple):
    """What a model gives for one batch, at the network's size and on its device."""

    output: StudentOutput
    """Of the network; only the maps that this model needs."""
    labels: Tensor
    """(B, h, w) uint8."""
    uncertainty: Tensor
    """(B, h, w) float."""
    scores: Tensor
    """(B,) float."""


def infer(student: Student, card: ModelCard, x: Tensor, *, all_maps: bool = False) -> InferenceOutput:
    """Run one pass over (B, 3, h, w) normalised images; without `all_maps`, only what the model card asks for."""
    needed: StdMaps = 'classes' if all_maps else PIXEL_UNCERTAINTIES[card.uncertainty.name].std
    output: StudentOutput = student(x, std=needed, features=all_maps or card.image_score in OF_FEATURES)
    uncertainty = pixel_uncertainty(card.uncertainty.name, output)
    return InferenceOutput(
        output=output,
        labels=output.labels().byte(),
        uncertainty=uncertainty,
        scores=image_score(card.image_score, output, uncertainty),
    )


def _upload(image: NDArray[np.uint8], device: torch.device) -> tuple[Tensor, bool]:
    """(H, W, 3) array -> (1, H, W, 3) tensor on the device, and whether its bytes lie as BGR."""
    # torch knows no negative strides: a BGR image goes up as its bytes lie, and is turned once it is small.
    bgr = image.strides[2] < 0
    return torch.from_numpy(image[..., ::-1] if bgr else image).to(device)[None], bgr


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


def _to_size(pixels: Tensor, image: NDArray[np.uint8], interpolation: int) -> NDArray[Any]:
    """(h, w) on the device -> (H, W) array of the image's size, in memory of its own."""
    array: NDArray[Any] = pixels.cpu().numpy()
    height, width = image.shape[:2]
    if array.shape == (height, width):
        return array
    return cv2.resize(array, (width, height), interpolation=interpolation)
