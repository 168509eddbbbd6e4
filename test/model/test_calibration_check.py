# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What differs from the calibration is said, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import pytest

from uncd_ros.model.calibration_check import ImageProperties, Mismatch, calibration_id, calibration_mismatches
from uncd_ros.model.card import ModelCard
from uncd_ros.model.fit import CROP, FITS, LETTERBOX, STRETCH
from uncd_ros.model.store import load_card
from uncd_ros.monitor.ood_rule import OodRule

LIKE = ImageProperties(height=480, width=640, encoding='bgr8', is_grey=False)


@pytest.fixture
def card(tiny_model: Path) -> ModelCard:
    """Of a network with an input of 64x48."""
    return load_card(tiny_model)


@pytest.mark.parametrize(
    ('image', 'expected'),
    [
        (None, None),
        (LIKE, None),
        (replace(LIKE, width=680), None),
        (
            replace(LIKE, encoding='mono16', is_grey=True),
            'camera sends mono16, model was calibrated on colour images',
        ),
    ],
)
@pytest.mark.parametrize('fit', FITS)
def test_what_differs_is_an_error_with_every_fit(
    card: ModelCard, fit: str, image: ImageProperties | None, expected: str | None
) -> None:
    found = calibration_mismatches(card, fit=fit, image=image)
    assert found == ([Mismatch(sentence=expected, is_error=True)] if expected else [])


@pytest.mark.parametrize(
    ('fit', 'consequence'),
    [
        (STRETCH, 'images are distorted (fit: stretch)'),
        (LETTERBOX, "25% of the network's input is padding (fit: letterbox)"),
        (CROP, '25% has no labels (fit: crop)'),
    ],
)
def test_a_wide_camera_is_no_error(card: ModelCard, fit: str, consequence: str) -> None:
    wide = replace(LIKE, width=1280, height=720)
    assert calibration_mismatches(card, fit=fit, image=wide) == [
        Mismatch(
            sentence=f'camera sends 1280x720, model was calibrated on the shape of 64x48: {consequence}',
            is_error=False,
        )
    ]


@pytest.mark.parametrize(('height', 'width', 'is_error'), [(480, 1280, False), (480, 1281, True), (641, 427, True)])
def test_more_than_twice_the_aspect_is_an_error(card: ModelCard, height: int, width: int, is_error: bool) -> None:
    image = replace(LIKE, height=height, width=width)
    (found,) = calibration_mismatches(card, fit=LETTERBOX, image=image)
    assert found.is_error == is_error


def test_calibration_is_told_from_another(card: ModelCard) -> None:
    assert calibration_id(card) == calibration_id(replace(card, name='another', metrics={'miou': 0.5}))
    rule = OodRule(calibration_scores=(0.1, 0.2), effective_n=2, false_alarm_rate=0.01)
    assert (
        len({calibration_id(each) for each in (card, replace(card, ood=rule), replace(card, image_score='median'))})
        == 3
    )
