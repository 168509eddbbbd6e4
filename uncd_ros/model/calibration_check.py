# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the model sees what its flag was calibrated on; if not, its false-alarm rate is no promise."""

import hashlib
from dataclasses import dataclass

from uncd_ros.model.card import ModelCard

PRECISION = 'float32'
"""Type of number in which calibration computes."""
STRETCH_MAX = 1.1
"""Ratio of the image's aspect ratio to the network's, or the inverse, above which images are distorted."""


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


def calibration_id(card: ModelCard) -> str:
    """12 hex digits that are the same for the same calibration: image score, scores of the rule, confidence curve."""
    content = f'{card.image_score} {card.ood.calibration_scores} {card.confidence}'
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def calibration_mismatches(card: ModelCard, *, precision: str, image: ImageProperties | None) -> list[str]:
    """Name what differs from the calibration, one sentence each; `image` is None before the first image."""
    mismatches = []
    if precision != PRECISION:
        mismatches.append(f'model computes in {precision}, was calibrated in {PRECISION}')
    if image is None:
        return mismatches
    if image.is_grey:
        mismatches.append(f'camera sends {image.encoding}, model was calibrated on colour images')
    height, width = card.student.input_height, card.student.input_width
    stretch = image.width * height / (image.height * width)
    if max(stretch, 1 / stretch) > STRETCH_MAX:
        mismatches.append(
            f'camera sends {image.width}x{image.height}, model was calibrated on the shape of {width}x{height}'
        )
    return mismatches
