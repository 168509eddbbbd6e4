# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures are where they should be, in the right colours."""

import numpy as np
import pytest

from uncd_ros.classes import ClassInfo
from uncd_ros.images.contact_sheet import ANOMALOUS, GAP, NOMINAL, STRIP, TILE, WIDTH, SheetRow, contact_sheet
from uncd_ros.images.palette import heat

CLASSES = (ClassInfo(name='road', color=(128, 64, 128)), ClassInfo(name='sky', color=(70, 130, 180)))
HEIGHT = TILE // 2


def row(*, is_ood: bool) -> SheetRow:
    """A grey camera image that is all sky and half certain."""
    return SheetRow(
        image=np.full((50, 100, 3), 99, np.uint8),
        labels=np.ones((50, 100), np.uint8),
        uncertainty=np.full((50, 100), 0.25, np.float32),
        caption='0.0 s',
        is_ood=is_ood,
    )


@pytest.mark.parametrize(('is_ood', 'colour'), [(False, NOMINAL), (True, ANOMALOUS)])
def test_pictures_and_flag(is_ood: bool, colour: tuple[int, int, int]) -> None:
    sheet = contact_sheet([row(is_ood=is_ood)], CLASSES, 0.5)
    middle = STRIP + STRIP + HEIGHT // 2
    camera, labels, uncertainty = (sheet[middle, GAP + TILE // 2 + i * (TILE + GAP)].tolist() for i in range(3))
    assert camera == [99, 99, 99]
    assert labels == [70, 130, 180]
    assert uncertainty == heat(np.full((1, 1), 0.25, np.float32), 0.5)[0, 0].tolist()
    assert sheet[STRIP + STRIP // 2, GAP + 2].tolist() == list(colour)


def test_rows_and_legend_add_up() -> None:
    rows = [row(is_ood=False)] * 3
    assert contact_sheet(rows, CLASSES, 0.5).shape == (STRIP + 3 * (STRIP + HEIGHT + GAP) + 2 * STRIP, WIDTH, 3)


def test_legend_shows_every_class() -> None:
    many = [ClassInfo(name=f'class number {i}', color=(200, i, 7)) for i in range(40)]
    legend = contact_sheet([], many, 0.5).reshape(-1, 3)
    shown = {tuple(colour) for colour in legend[(legend[:, 0] == 200) & (legend[:, 2] == 7)].tolist()}
    assert shown >= {each.color for each in many}
