# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the model sees what its flag was calibrated on; if not, its false-alarm rate is no promise."""

import hashlib
from dataclasses import dataclass

from uncd_ros.model.card import ModelCard
from uncd_ros.model.fit import LETTERBOX, STRETCH, Size, aspect_ratio

ASPECT_MAX, ASPECT_LIMIT = 1.1, 2.0
"""How many times as wide, or as narrow, as the network's input images may be: unsaid, and without an error.

At 4/3, a 16:9 camera before a 4:3 network, labels are nearly as good and false alarms more frequent with every fit. At
2, half of the input is padding or half of the image is cropped, or shapes are distorted by as much.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageProperties:
    """Size and encoding of a camera's images."""

    height: int
    width: int
    """Pixels."""
    encoding: str
    """As its messages name it, such as 'bgr8'; for a person."""
    is_grey: bool
    """Whether the images have one channel only."""

    def __str__(self) -> str:
        return f"{self.width}x{self.height} '{self.encoding}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """What differs from the calibration."""

    sentence: str
    is_error: bool
    """Labels cannot be relied on; else the model works, but its false-alarm rate is no promise."""


def calibration_id(card: ModelCard) -> str:
    """12 hex digits that are the same for the same calibration: image score, scores of the rule, confidence curve."""
    content = f'{card.image_score} {card.ood.calibration_scores} {card.confidence}'
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def calibration_mismatches(card: ModelCard, *, fit: str, image: ImageProperties | None) -> list[Mismatch]:
    """Name what differs from the calibration; `fit` is one of FITS, `image` is None before the first image."""
    mismatches: list[Mismatch] = []
    if image is None:
        return mismatches
    if image.is_grey:
        sentence = f'camera sends {image.encoding}, model was calibrated on colour images'
        mismatches.append(Mismatch(sentence=sentence, is_error=True))
    shape, network = (image.height, image.width), card.student.input_size
    if (ratio := aspect_ratio(shape, network)) > ASPECT_MAX:
        sentence = (
            f'camera sends {image.width}x{image.height}, model was calibrated on the shape of '
            f'{network[1]}x{network[0]}: {_consequence(fit, shape, network)} (fit: {fit})'
        )
        mismatches.append(Mismatch(sentence=sentence, is_error=ratio > ASPECT_LIMIT))
    return mismatches


def _consequence(fit: str, image: Size, network: Size) -> str:
    """What happens to an image of another shape."""
    share = 1.0 - 1.0 / aspect_ratio(image, network)
    if fit == STRETCH:
        return 'images are distorted'
    return f"{share:.0%} of the network's input is padding" if fit == LETTERBOX else f'{share:.0%} has no labels'
