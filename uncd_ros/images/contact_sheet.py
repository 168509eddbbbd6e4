# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One picture that shows what a student sees: camera, labels and uncertainty, row under row over time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import ClassInfo
from uncd_ros.images.palette import Box, colour_table, colourise, heat, outlined

Colour = tuple[int, int, int]
TILE, GAP, STRIP = 360, 10, 30
"""Width of a picture, space between pictures, height of a line of text; pixels."""
COLUMNS = 3
WIDTH = COLUMNS * TILE + (COLUMNS + 1) * GAP
BACKGROUND: Colour = (24, 26, 31)
INK: Colour = (226, 228, 232)
FAINT: Colour = (150, 154, 162)
NOMINAL: Colour = (74, 170, 110)
ANOMALOUS: Colour = (228, 62, 54)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One image and its prediction; the arrays are of one size."""

    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    labels: NDArray[np.uint8]
    """(H, W) class ids."""
    uncertainty: NDArray[np.float32]
    """(H, W), in [0, upper]."""
    caption: str
    """Its time and its image score."""
    is_ood: bool
    alarm: int = 0
    """Number of the alarm if the flag rose at this image, else 0."""
    boxes: tuple[Box, ...] = ()
    """Of the obstacles in it."""


def shrunk(row: SheetRow) -> SheetRow:
    """The row with its arrays in the size in which the sheet shows them."""
    size = (TILE, round(TILE * row.image.shape[0] / row.image.shape[1]))
    smooth = cv2.INTER_AREA if row.image.shape[1] > TILE else cv2.INTER_LINEAR
    scale = TILE / row.image.shape[1]
    boxes = np.asarray([[scale * edge for edge in box] for box in row.boxes]).round().astype(int).tolist()
    return replace(
        row,
        boxes=tuple(tuple(box) for box in boxes),
        image=np.asarray(cv2.resize(row.image, size, interpolation=smooth), np.uint8),
        labels=np.asarray(cv2.resize(row.labels, size, interpolation=cv2.INTER_NEAREST), np.uint8),
        uncertainty=np.asarray(cv2.resize(row.uncertainty, size, interpolation=smooth), np.float32),
    )


def contact_sheet(rows: Sequence[SheetRow], classes: Sequence[ClassInfo], upper: float) -> NDArray[np.uint8]:
    """(H, W, 3) RGB sheet of all rows with a legend; `upper` is the top of the uncertainty's range."""
    table = colour_table(tuple(each.color for each in classes))
    return np.concatenate([_heading(), *(_row(row, table, upper) for row in rows), _legend(classes, upper)])


def _heading() -> NDArray[np.uint8]:
    strip = _blank(STRIP)
    for column, name in enumerate(('camera', 'labels', 'uncertainty')):
        _text(strip, name, x=GAP + column * (TILE + GAP), colour=FAINT)
    return strip


def _row(row: SheetRow, table: NDArray[np.uint8], upper: float) -> NDArray[np.uint8]:
    row = shrunk(row)
    colour, decision = (ANOMALOUS, 'OUT OF DISTRIBUTION') if row.is_ood else (NOMINAL, 'in distribution')
    if row.alarm:
        decision = f'ALARM {row.alarm}: THE FLAG RISES'
    height = row.image.shape[0]
    band = _blank(STRIP + height + GAP)
    band[4 : STRIP - 4, GAP : GAP + 6] = colour
    _text(band, row.caption, x=GAP + 16, colour=INK)
    _text(band, decision, x=WIDTH - GAP - _text_width(decision), colour=colour)
    pictures = (outlined(row.image.copy(), row.boxes), colourise(row.labels, table), heat(row.uncertainty, upper))
    for column, picture in enumerate(pictures):
        left = GAP + column * (TILE + GAP)
        band[STRIP : STRIP + height, left : left + TILE] = picture
    if row.is_ood:
        cv2.rectangle(band, (GAP - 2, STRIP - 2), (WIDTH - GAP + 1, STRIP + height + 1), ANOMALOUS, 3)
    return band


def _legend(classes: Sequence[ClassInfo], upper: float) -> NDArray[np.uint8]:
    """Class colours from left to right, line by line, and the scale of the uncertainty on a line of its own."""
    swatch, space = 16, 18
    lines = [_blank(STRIP)]
    x = GAP
    for each in classes:
        needed = swatch + 6 + _text_width(each.name) + space
        if x + needed > WIDTH:
            lines.append(_blank(STRIP))
            x = GAP
        lines[-1][7 : 7 + swatch, x : x + swatch] = each.color
        _text(lines[-1], each.name, x=x + swatch + 6, colour=INK)
        x += needed
    return np.concatenate([*lines, _scale(upper)])


def _scale(upper: float) -> NDArray[np.uint8]:
    """Colour bar under the uncertainty's column, its ends written beside it."""
    strip = _blank(STRIP)
    low, high = 'uncertainty 0', f'{upper:g}'
    end = WIDTH - GAP - _text_width(high) - 8
    start = end - 200
    ramp = np.linspace(0.0, upper, end - start, dtype=np.float32)
    strip[9:21, start:end] = heat(np.repeat(ramp[None], 12, axis=0), upper)
    _text(strip, low, x=start - 8 - _text_width(low), colour=INK)
    _text(strip, high, x=end + 8, colour=INK)
    return strip


def _blank(height: int) -> NDArray[np.uint8]:
    return np.full((height, WIDTH, 3), BACKGROUND, np.uint8)


FONT, SCALE, THICKNESS = cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1


def _text(strip: NDArray[np.uint8], text: str, *, x: int, colour: Colour) -> None:
    """Write into the line of text at the top of a strip."""
    cv2.putText(strip, text, (x, 20), FONT, SCALE, colour, THICKNESS, cv2.LINE_AA)


def _text_width(text: str) -> int:
    (width, _), _ = cv2.getTextSize(text, FONT, SCALE, THICKNESS)
    return int(width)
