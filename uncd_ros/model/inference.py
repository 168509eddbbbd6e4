# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pass of a student, from the network's input to what its model serves: what every engine computes."""

import copy
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from uncd_ros.model.card import ModelCard
from uncd_ros.model.fit import Area, Placement
from uncd_ros.network.layers import fuse_batch_norms
from uncd_ros.network.student import Normalise, StdMaps, Student, StudentOutput
from uncd_ros.scores.anomaly import enlarged_levels
from uncd_ros.scores.image import OF_FEATURES, mahalanobis, reduce_score, score_map
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, pixel_uncertainty


class InferenceOutput(NamedTuple):
    """What a model gives for one batch, at the network's size and on its device."""

    output: StudentOutput
    """Of the network; only the maps that this model needs."""
    labels: Tensor
    """(B, h, w) uint8."""
    uncertainty: Tensor
    """(B, h, w) float."""
    score_map: Tensor | None
    """(B, h, w) float, as `scores.image.score_map`."""
    distance: Tensor | None
    """(B,) float, of the features; None where the image score needs none."""
    anomaly: Tensor | None
    """(B, h/s, w/s) float, the anomaly score; None unless asked for, or where the model has none."""

    def score(self, name: str, i: int, area: Area) -> Tensor:
        """(1,) image score `name` of image `i`, which fills `area`. Padding is no part of the scene: it counts nowhere.

        The deepest features are averaged with it all the same: without it they are further from the calibration images.
        """
        pixels = None if self.score_map is None else self.score_map[(slice(i, i + 1), *area.index)]
        return reduce_score(name, pixels, None if self.distance is None else self.distance[i : i + 1])


def for_inference(student: Student) -> Student:
    """A copy that is as fast as can be: batch norms folded, convolutions in the layout that suits them."""
    folded = copy.deepcopy(student).eval()
    fuse_batch_norms(folded)
    laid_out: Student = convert_conv2d_weight_memory_format(folded, torch.channels_last)
    return laid_out


def infer(
    student: nn.Module, card: ModelCard, x: Tensor, *, all_maps: bool = False, anomaly: bool = False
) -> InferenceOutput:
    """Run one pass over (B, 3, h, w) normalised images; without `all_maps`, only what the model card asks for.

    With `anomaly` it gives the anomaly score too, where the model has one.
    """
    needed: StdMaps = 'classes' if all_maps else PIXEL_UNCERTAINTIES[card.uncertainty.name].std
    score = card.anomaly.score if anomaly and card.anomaly else None
    output: StudentOutput = student(
        x,
        std=needed,
        features=all_maps or card.image_score in OF_FEATURES,
        coarse=score.needed if score else 'none',
    )
    uncertainty = pixel_uncertainty(card.uncertainty.name, output)
    return InferenceOutput(
        output=output,
        labels=output.labels().byte(),
        uncertainty=uncertainty,
        score_map=score_map(card.image_score, output, uncertainty),
        distance=mahalanobis(output) if card.image_score in OF_FEATURES else None,
        anomaly=score.score(output.coarse) if score and output.coarse else None,
    )


def network_input(normalise: Normalise, image: NDArray[np.uint8], placement: Placement, device: torch.device) -> Tensor:
    """(H, W, 3) RGB image, or a strided view, -> (1, 3, h, w) uint8 of the network's size, on the device.

    What the image does not fill has the model's mean colour.
    """
    # torch knows no negative strides: a BGR image goes up as its bytes lie, and is turned once it is small.
    seen, bgr = as_it_lies(image[placement.seen.index])
    return placed(normalise, torch.from_numpy(seen).to(device), placement.filled, bgr=bgr)


def as_it_lies(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
    """(H, W, 3) view without negative strides along the colours, and whether it is BGR."""
    bgr = image.strides[2] < 0
    return image[..., ::-1] if bgr else image, bgr


def placed(normalise: Normalise, pixels: Tensor, area: Area, *, bgr: bool) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, h, w) uint8 RGB of the network's size, of which they fill `area`."""
    resized = normalise.resize(pixels[None].permute(0, 3, 1, 2), area.size)
    resized = resized.flip(1) if bgr else resized
    return resized if area.size == normalise.size else _padded(normalise, resized, area)


def _padded(normalise: Normalise, pixels: Tensor, area: Area) -> Tensor:
    canvas = normalise.mean.round().byte().expand(1, 3, *normalise.size).clone()
    canvas[(slice(None), slice(None), *area.index)] = pixels
    return canvas


def anomaly_levels(card: ModelCard, scores: Tensor | None, i: int, area: Area) -> NDArray[np.uint8] | None:
    """(B, h/s, w/s) anomaly scores -> levels of image `i`, (h, w) of its area; None without scores."""
    if scores is None or card.anomaly is None:
        return None
    return enlarged_levels(card.anomaly.score, scores[i], card.student.input_size)[area.index]


def output_of(output: StudentOutput, i: int, area: Area) -> StudentOutput:
    """Views of image `i` alone, without its padding."""
    maps = (slice(i, i + 1), slice(None), *area.index)
    features = None if output.features is None else output.features[i : i + 1]
    return StudentOutput(logits=output.logits[maps], std=output.std[maps], features=features)
