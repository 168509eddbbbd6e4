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
from torch.nn import functional
from torch.nn.utils import convert_conv2d_weight_memory_format

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ConfigError, ImageError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.fit import DEFAULT_FIT, Area, Placement, Size, place
from uncd_ros.model.store import StoredModel
from uncd_ros.network.layers import fuse_batch_norms
from uncd_ros.network.student import StdMaps, Student, StudentOutput
from uncd_ros.scores.image import OF_FEATURES, image_score
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, pixel_uncertainty
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


class Predictor:
    """Runs one student in single passes; keeps its own copy of the network, folded for inference."""

    def __init__(self, model: StoredModel, *, device: str = 'auto', fit: str = DEFAULT_FIT) -> None:
        """`fit`, one of FITS, says what happens to an image that has not the shape of the network's input."""
        self.card, self.fit = model.card, fit
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
    ) -> tuple[list[Prediction], list[StudentOutput]]:
        """As `predict_batch`, and the network's output of the same pass for what it saw of each image.

        At the network's own scale and on its device; padding is cut off. With `all_maps` it is all that the network
        can give; without, only what this model serves.
        """
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
                raise ImageError(f'image is {image.dtype} {image.shape}, expected uint8 (H, W, 3)')
        size = self.student.normalise.size
        placements = [place(self.fit, (image.shape[0], image.shape[1]), size) for image in images]
        uploaded = [
            _upload(image[each.seen.index], self.device) for image, each in zip(images, placements, strict=True)
        ]
        watch.lap('upload')
        areas = [each.filled for each in placements]
        x = torch.cat(
            [
                _padded(self.student.preprocess(pixels, bgr=bgr, size=area.size), area, size)
                for (pixels, bgr), area in zip(uploaded, areas, strict=True)
            ]
        )
        inferred = infer(self.student, self.card, x, areas, all_maps=all_maps)
        maps = self.card.confidence.confidence(inferred.output, inferred.uncertainty) if confidence else None
        if self.device.type == 'cuda':
            torch.cuda.synchronize(self.device)  # or the download would be told the network's time
        watch.lap('forward')
        sizes = [(image.shape[0], image.shape[1]) for image in images]
        predictions = [
            self._prediction(inferred, maps, i, placement, size)
            for i, (placement, size) in enumerate(zip(placements, sizes, strict=True))
        ]
        watch.lap('download')
        return predictions, [_output_of(inferred.output, i, area) for i, area in enumerate(areas)]

    def _prediction(
        self, inferred: 'InferenceOutput', confidence: Tensor | None, i: int, placement: Placement, size: Size
    ) -> Prediction:
        """Image `i` of the batch, at its own size; `confidence` is (B, h, w)."""
        upper = self.card.uncertainty.upper
        return Prediction(
            labels=_to_image(inferred.labels[i], placement, size, IGNORE_INDEX, cv2.INTER_NEAREST_EXACT),
            uncertainty=_to_image(inferred.uncertainty[i], placement, size, upper, cv2.INTER_LINEAR),
            score=float(inferred.scores[i]),
            confidence=None if confidence is None else _to_image(confidence[i], placement, size, 0, cv2.INTER_LINEAR),
            seen=placement.seen,
        )


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


def infer(
    student: Student, card: ModelCard, x: Tensor, areas: Sequence[Area] | None = None, *, all_maps: bool = False
) -> InferenceOutput:
    """Run one pass over (B, 3, h, w) normalised images; without `all_maps`, only what the model card asks for.

    `areas` are the parts of the input that hold an image, one for each; None is all of it.
    """
    needed: StdMaps = 'classes' if all_maps else PIXEL_UNCERTAINTIES[card.uncertainty.name].std
    output: StudentOutput = student(x, std=needed, features=all_maps or card.image_score in OF_FEATURES)
    uncertainty = pixel_uncertainty(card.uncertainty.name, output)
    return InferenceOutput(
        output=output,
        labels=output.labels().byte(),
        uncertainty=uncertainty,
        scores=_scores(card.image_score, output, uncertainty, areas),
    )


def _scores(name: str, output: StudentOutput, uncertainty: Tensor, areas: Sequence[Area] | None) -> Tensor:
    """(B,). Padding is no part of the scene: its pixels count nowhere.

    The deepest features are averaged with it all the same: without it they are further from the calibration images.
    """
    if areas is None:
        return image_score(name, output, uncertainty)
    of_images = [
        image_score(name, _output_of(output, i, area), uncertainty[(slice(i, i + 1), *area.index)])
        for i, area in enumerate(areas)
    ]
    return torch.cat(of_images)


def _output_of(output: StudentOutput, i: int, area: Area) -> StudentOutput:
    """Views of image `i` alone, without its padding."""
    maps = (slice(i, i + 1), slice(None), *area.index)
    features = None if output.features is None else output.features[i : i + 1]
    return StudentOutput(logits=output.logits[maps], std=output.std[maps], features=features)


def _padded(x: Tensor, area: Area, size: Size) -> Tensor:
    """(1, 3, *area.size) normalised -> (1, 3, *size), with 0 around it: that is the card's mean colour."""
    if area.size == size:
        return x
    right, bottom = size[1] - area.left - area.width, size[0] - area.top - area.height
    return functional.pad(x, (area.left, right, area.top, bottom))


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


def _to_image(pixels: Tensor, placement: Placement, size: Size, outside: float, interpolation: int) -> NDArray[Any]:
    """(h, w) on the device -> (H, W) array of the image's size; `outside` is the value where nothing was seen."""
    array: NDArray[Any] = pixels[placement.filled.index].cpu().numpy()
    seen = placement.seen
    if array.shape != seen.size:
        array = cv2.resize(array, (seen.width, seen.height), interpolation=interpolation)
    if seen.size == size:
        return array
    whole = np.full(size, outside, array.dtype)
    whole[seen.index] = array
    return whole
