# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Houses along the street: a wall of windows beside the road, a gable towards the camera."""

from functools import lru_cache

import numpy as np

from uncd_ros.street.canvas import BLACK, BUILDING, Colour, Model, Part, Points, box, shade, upright, wall
from uncd_ros.street.ground import FRONT

PLOT = 14.0
"""Metres of street a house has."""
STOREY = 3.1
"""Metres."""
BAY = PLOT / 4
"""Metres of wall that share one depth."""
_WALLS: tuple[Colour, ...] = (
    (178, 122, 96),
    (206, 186, 152),
    (164, 160, 156),
    (196, 150, 118),
    (150, 98, 82),
    (214, 208, 196),
    (134, 142, 152),
    (188, 174, 130),
)
_LAMPLIGHT: Colour = (255, 206, 120)


@lru_cache(maxsize=512)
def house(seed: int, side: int, plot: int, detailed: bool) -> Model:
    """The house on one plot of a street, from the plot's near end; side is -1 (left) or 1."""
    rng = np.random.default_rng((seed, 21, side + 1, plot))
    storeys, length = int(rng.integers(2, 7)), PLOT - float(rng.choice((0.0, 0.0, 2.5)))
    front = side * (FRONT + rng.uniform(0.0, 1.2))
    sunlit = 1.0 if side == (1 if seed % 2 else -1) else 0.8
    paint = shade(_WALLS[rng.integers(len(_WALLS))], sunlit * rng.uniform(0.85, 1.1))
    top = storeys * STOREY + 0.9
    gable = upright(box(front, 0, front + side * 11.0, top))
    bays = np.arange(0, length, BAY)[::-1]
    walls = [wall(front, (0, top), (z, min(z + BAY, length))) for z in bays]
    parts = [
        Part(shapes=(gable,), colour=shade(paint, 0.72), label=BUILDING),
        *(Part(shapes=(bay,), colour=paint, label=BUILDING) for bay in walls),
        Part(shapes=(wall(front, (0, STOREY), (0, length)),), colour=shade(paint, 0.82)),
        Part(shapes=(wall(front, (top - 0.45, top), (0, length)),), colour=shade(paint, 1.18)),
    ]
    return Model(parts + (_windows(rng, front, length, storeys, sunlit) if detailed else []))


def _windows(rng: np.random.Generator, front: float, length: float, storeys: int, sunlit: float) -> list[Part]:
    """Panes in rows, some of them lit at night, and shop windows on the ground floor."""
    columns = int(rng.integers(4, 7))
    pitch = length / columns
    glass = shade((92, 112, 132), sunlit * rng.uniform(0.75, 1.15))
    width, height = pitch * rng.uniform(0.4, 0.6), rng.uniform(1.3, 1.9)
    frames: list[Points] = []
    panes: tuple[list[Points], list[Points]] = ([], [])
    for storey in range(1, storeys):
        for column in range(columns):
            y, z = storey * STOREY + 0.7, (column + 0.5) * pitch - width / 2
            frames.append(wall(front, (y - 0.14, y + height + 0.14), (z - 0.12, z + width + 0.12)))
            panes[rng.random() < 0.35].append(wall(front, (y, y + height), (z, z + width)))
    dark, lit = panes
    shops = [wall(front, (0.5, 2.5), ((column + 0.15) * pitch, (column + 0.85) * pitch)) for column in range(columns)]
    open_late = shade(_LAMPLIGHT, 0.8) if rng.random() < 0.4 else BLACK
    return [
        Part(shapes=tuple(frames), colour=shade((226, 222, 214), sunlit)),
        Part(shapes=tuple(dark), colour=glass),
        Part(shapes=tuple(lit), colour=shade(glass, 1.15), label=BUILDING, emission=_LAMPLIGHT),
        Part(shapes=tuple(shops), colour=shade(glass, 0.7), label=BUILDING, emission=open_late),
    ]
