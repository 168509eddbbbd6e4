# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Objects of no known class: what a student that only ever saw the street has no word for."""

from functools import lru_cache

import numpy as np

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.street.canvas import Colour, Model, Part, Points, box, disc, shade, upright

Outline = tuple[Points, Colour]

_HIDE: Colour = (232, 226, 214)
_PATCH: Colour = (54, 44, 40)
_COW: tuple[Outline, ...] = (
    *((box(x, 0.0, x + 0.16, 0.8), shade(_HIDE, 0.8)) for x in (-0.95, -0.6, 0.4, 0.75)),
    (disc((0.0, 1.05), (1.15, 0.48), 20), _HIDE),
    (disc((-0.45, 1.15), (0.36, 0.28)), _PATCH),
    (disc((0.5, 1.0), (0.3, 0.34)), _PATCH),
    (np.array([(0.85, 1.1), (1.15, 0.95), (1.5, 1.5), (1.2, 1.75)]), _HIDE),
    (disc((1.45, 1.55), (0.34, 0.2)), _PATCH),
    (disc((1.72, 1.46), (0.14, 0.13)), (224, 164, 156)),
)
_BALL: tuple[Outline, ...] = (
    (disc((0, 0.9), (0.9, 0.9), 28), (240, 238, 230)),
    (disc((-0.55, 0.9), (0.2, 0.72), 18), (232, 52, 140)),
    (disc((0.55, 0.9), (0.2, 0.72), 18), (40, 190, 210)),
    (disc((0, 0.9), (0.22, 0.89), 18), (250, 212, 40)),
)
_SOFA: tuple[Outline, ...] = (
    (box(-1.1, 0.45, 1.1, 1.15), (126, 44, 118)),
    (box(-1.05, 0.15, 1.05, 0.6), (176, 72, 164)),
    (box(-0.03, 0.3, 0.03, 1.1), (86, 26, 80)),
    (box(-1.3, 0.1, -1.0, 0.85), (150, 56, 140)),
    (box(1.0, 0.1, 1.3, 0.85), (150, 56, 140)),
)
_BOXES: tuple[Outline, ...] = (
    (box(-1.0, 0.0, -0.05, 0.8), (186, 140, 88)),
    (box(0.0, 0.0, 1.1, 0.9), (202, 158, 104)),
    (box(-0.6, 0.8, 0.4, 1.55), (174, 126, 76)),
    (box(-0.6, 0.0, -0.48, 0.8), (226, 206, 160)),
    (box(0.48, 0.0, 0.6, 0.9), (226, 206, 160)),
    (box(-0.16, 0.8, -0.04, 1.55), (226, 206, 160)),
)
_KINDS = (_COW, _BALL, _SOFA, _BOXES)


@lru_cache(maxsize=256)
def unknown_object(dice: tuple[float, ...]) -> Model:
    """A cow, a striped ball, a sofa or a heap of boxes; its label is 255."""
    mirror = (1.0 if dice[1] < 0.5 else -1.0, 1.0)
    shadow = Part(shapes=(upright(disc((0, 0.02), (1.3, 0.12))),), colour=(58, 58, 60))
    outlines = _KINDS[int(dice[0] * len(_KINDS))]
    return Model(
        [
            shadow,
            *(
                Part(shapes=(upright(outline * mirror),), colour=shade(colour, 0.8 + 0.3 * dice[2]), label=IGNORE_INDEX)
                for outline, colour in outlines
            ),
        ]
    )
