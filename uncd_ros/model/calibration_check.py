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
class View:
    """What the images of a camera are like."""

    height: int
    width: int
    """Pixels."""
    encoding: str
    """For a person."""
    is_grey: bool
    """Whether they have no colour."""


def calibration_id(card: ModelCard) -> str:
    """12 hex digits that are the same for the same calibration: image score, scores of the rule, confidence curve."""
    content = f'{card.image_score} {card.ood.calibration_scores} {card.confidence}'
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def calibration_mismatches(card: ModelCard, *, precision: str, view: View | None) -> list[str]:
    """What differs from the calibration, a sentence each; `view` is None before the first image."""
    found = []
    if precision != PRECISION:
        found.append(f'model computes in {precision}, was calibrated in {PRECISION}')
    if view is None:
        return found
    if view.is_grey:
        found.append(f'camera sends {view.encoding}, model was calibrated on colour images')
    height, width = card.student.input_height, card.student.input_width
    stretch = view.width * height / (view.height * width)
    if max(stretch, 1 / stretch) > STRETCH_MAX:
        found.append(f'camera sends {view.width}x{view.height}, model was calibrated on the shape of {width}x{height}')
    return found
