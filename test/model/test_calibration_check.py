# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What differs from the calibration is said, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import pytest

from uncd_ros.model.calibration_check import ImageProperties, calibration_id, calibration_mismatches
from uncd_ros.model.card import ModelCard
from uncd_ros.model.store import load_card
from uncd_ros.monitor.ood_rule import OodRule

LIKE = ImageProperties(height=480, width=640, encoding='bgr8', is_grey=False)


@pytest.fixture
def card(tiny_model: Path) -> ModelCard:
    """Of a network with an input of 64x48."""
    return load_card(tiny_model)


@pytest.mark.parametrize(
    ('precision', 'image', 'expected'),
    [
        ('float32', None, []),
        ('float32', LIKE, []),
        ('float32', replace(LIKE, width=680), []),
        ('float16', None, ['model computes in float16, was calibrated in float32']),
        (
            'float32',
            replace(LIKE, encoding='mono16', is_grey=True),
            ['camera sends mono16, model was calibrated on colour images'],
        ),
        (
            'float32',
            replace(LIKE, width=854),
            ['camera sends 854x480, model was calibrated on the shape of 64x48'],
        ),
        (
            'float32',
            replace(LIKE, height=640, width=480),
            ['camera sends 480x640, model was calibrated on the shape of 64x48'],
        ),
    ],
)
def test_every_mismatch_is_one_sentence(
    card: ModelCard, precision: str, image: ImageProperties | None, expected: list[str]
) -> None:
    assert calibration_mismatches(card, precision=precision, image=image) == expected


def test_calibration_is_told_from_another(card: ModelCard) -> None:
    assert calibration_id(card) == calibration_id(replace(card, name='another', metrics={'miou': 0.5}))
    rule = OodRule(calibration_scores=(0.1, 0.2), effective_n=2, false_alarm_rate=0.01)
    assert (
        len({calibration_id(each) for each in (card, replace(card, ood=rule), replace(card, image_score='median'))})
        == 3
    )
