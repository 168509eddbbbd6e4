# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What stands and moves on the street; each model is drawn from six dice in [0, 1)."""

from functools import lru_cache

import numpy as np

from uncd_ros.street.canvas import (
    CAR,
    PEDESTRIAN,
    POLE,
    VEGETATION,
    Colour,
    Model,
    Part,
    Points,
    box,
    disc,
    shade,
    upright,
)

Dice = tuple[float, ...]

_PAINTS: tuple[Colour, ...] = (
    (186, 40, 38),
    (40, 66, 128),
    (222, 222, 220),
    (52, 54, 60),
    (150, 154, 160),
    (44, 92, 70),
    (212, 168, 52),
    (96, 40, 52),
)
_CLOTHES: tuple[Colour, ...] = (
    (196, 60, 52),
    (52, 78, 142),
    (72, 64, 60),
    (222, 196, 92),
    (92, 132, 98),
    (206, 206, 208),
    (132, 76, 140),
)
_REAR_TO_FRONT = np.array(
    [(0.0, 0.3), (0.0, 0.86), (0.25, 0.96), (0.8, 1.45), (2.5, 1.47), (3.2, 0.98), (4.1, 0.82), (4.2, 0.3)]
)
"""Side of a car: metres from its rear, height."""
_SHADOW: Colour = (52, 53, 56)


@lru_cache(maxsize=1024)
def car(dice: Dice, side: int, towards: bool) -> Model:
    """A car seen from behind, or from the front when it comes towards us, and from its left (-1) or right (1)."""
    paint = shade(_PAINTS[int(dice[0] * len(_PAINTS))], 0.8 + 0.4 * dice[1])
    profile = _REAR_TO_FRONT * (1.0, 0.92 + 0.22 * dice[2])
    if towards:
        profile = (profile * (-1, 1) + (4.2, 0))[::-1]
    bumper, shoulder, sill, roof = profile[:4]
    lamp, light = ((240, 240, 226), (255, 250, 230)) if towards else ((170, 24, 22), (255, 40, 30))
    lamps = tuple(upright(box(left, shoulder[1] - 0.26, left + 0.26, shoulder[1] - 0.09)) for left in (-0.84, 0.58))
    wheels = tuple(_flank(disc((z, 0.32), (0.33, 0.33)), side) for z in (0.8, 3.35))
    tyres = tuple(upright(box(left, 0.0, left + 0.26, 0.5)) for left in (-0.82, 0.56))
    shadow = disc((0, 2.1), (1.15, 2.4))
    return Model(
        [
            Part(shapes=(np.stack([shadow[:, 0], 0 * shadow[:, 0], shadow[:, 1]], -1),), colour=_SHADOW),
            Part(shapes=(_flank(profile, side),), colour=shade(paint, 0.78), label=CAR),
            Part(shapes=(_flank(_side_glass(profile), side),), colour=(44, 52, 60)),
            Part(shapes=(*wheels, *tyres), colour=(25, 25, 27), label=CAR),
            Part(shapes=(_across(sill, roof),), colour=(54, 64, 74), label=CAR),
            Part(shapes=(_across(shoulder, sill),), colour=shade(paint, 1.12), label=CAR),
            Part(shapes=(_across(bumper, shoulder),), colour=paint, label=CAR),
            Part(shapes=(upright(box(-0.88, 0.3, 0.88, 0.44)),), colour=shade(paint, 0.6)),
            Part(shapes=(upright(box(-0.26, 0.5, 0.26, 0.62)),), colour=(226, 226, 210)),
            Part(shapes=lamps, colour=lamp, label=CAR, emission=light),
        ]
    )


def _half_width(height: float | np.floating) -> float:
    """Half the width of a car at a height, metres: the cabin leans inwards."""
    return 0.88 - 0.44 * max(0.0, float(height) - 0.96)


def _flank(profile: Points, side: int) -> Points:
    """(P, 2) of metres along the road and height -> (P, 3) on a car's side."""
    return np.array([(side * _half_width(y), y, z) for z, y in profile])


def _side_glass(profile: Points) -> Points:
    """The windows inside a car's profile."""
    inwards = np.array([(0.3, 0.05), (0.2, -0.1), (-0.2, -0.1), (-0.3, 0.05)])
    return np.asarray(profile[2:6] + inwards)


def _across(low: Points, high: Points) -> Points:
    """(4, 3): the face across a car between two points of its profile."""
    left, right = _half_width(low[1]), _half_width(high[1])
    return np.array([(x, y, z) for x, (z, y) in ((-left, low), (left, low), (right, high), (-right, high))])


@lru_cache(maxsize=1024)
def tree(dice: Dice, lobes: int) -> Model:
    """A trunk and a crown, lighter towards the sun, of `lobes` lobes in each of its four storeys."""
    height, girth = 4.5 + 3.5 * dice[0], 1.3 + 1.1 * dice[1]
    green = (54 + 44 * dice[2], 92 + 40 * dice[3], 44 + 22 * dice[4])
    trunk = np.array([(-0.16, 0), (0.16, 0), (0.1, height * 0.6), (-0.1, height * 0.6)])
    parts = [Part(shapes=(upright(trunk),), colour=(84, 66, 52), label=VEGETATION)]
    rng = np.random.default_rng(int(dice[5] * 2**31))
    for factor, rise, reach in ((0.75, 0.0, 1.0), (0.95, 0.12, 0.8), (1.15, 0.25, 0.55), (1.35, 0.36, 0.3)):
        for _ in range(lobes):
            centre = (rng.uniform(-0.55, 0.55) * girth, height * (0.72 + rise) + rng.uniform(-0.3, 0.3))
            lobe = disc((0, 0), (girth * reach, girth * reach * 0.8), 18) * rng.uniform(0.8, 1.15, (18, 1)) + centre
            leaves = shade(green, factor * rng.uniform(0.9, 1.1))
            parts.append(Part(shapes=(upright(lobe),), colour=leaves, label=VEGETATION))
    return Model(parts)


@lru_cache(maxsize=1024)
def hedge(dice: Dice) -> Model:
    """Bushes at the house fronts."""
    green = (62 + 30 * dice[2], 96 + 30 * dice[3], 50.0)
    return Model(
        [
            Part(
                shapes=(upright(disc((offset, 0.55), (0.75, 0.6 + 0.3 * dice[0]), 12)),),
                colour=shade(green, 0.9 + 0.15 * offset),
                label=VEGETATION,
            )
            for offset in (-1.0, -0.3, 0.5, 1.1)
        ]
    )


@lru_cache(maxsize=1024)
def lamp_post(dice: Dice, side: int) -> Model:
    """A street lamp on the left (-1) or right (1) whose arm reaches over the road."""
    arm = -1.3 * side
    metal = shade((96, 100, 104), 0.7 + 0.5 * dice[0])
    bracket = np.array([(-0.06, 6.2), (arm, 6.65), (arm, 6.8), (0.06, 6.4)])
    head = box(arm - 0.35, 6.55, arm + 0.35, 6.78)
    return Model(
        [
            Part(shapes=(upright(box(-0.09, 0, 0.09, 6.4)),), colour=metal, label=POLE),
            Part(shapes=(upright(bracket),), colour=metal, label=POLE),
            Part(shapes=(upright(head),), colour=(206, 204, 190), label=POLE, emission=(255, 214, 150)),
        ]
    )


@lru_cache(maxsize=1024)
def sign_post(dice: Dice) -> Model:
    """A thin post with a round or a square sign."""
    plate, colour = (
        (disc((0, 2.6), (0.36, 0.36)), (196, 36, 40)) if dice[0] < 0.5 else (box(-0.33, 2.25, 0.33, 2.9), (40, 82, 168))
    )
    return Model(
        [
            Part(shapes=(upright(box(-0.05, 0, 0.05, 2.6)),), colour=(120, 122, 124), label=POLE),
            Part(shapes=(upright(plate),), colour=colour, label=POLE),
            Part(shapes=(upright(disc((0, 2.58), (0.2, 0.2))),), colour=(230, 230, 228)),
        ]
    )


@lru_cache(maxsize=4096)
def pedestrian(dice: Dice, phase: int) -> Model:
    """A walking person in one of 16 phases of a stride."""
    size = 0.9 + 0.2 * dice[0]
    coat = shade(_CLOTHES[int(dice[1] * len(_CLOTHES))], 0.85 + 0.3 * dice[4])
    trousers = shade((58, 62, 78), 0.6 + dice[2])
    skin, hair = shade((216, 172, 140), 0.5 + 0.55 * dice[3]), shade((70, 54, 40), 0.5 + dice[5])
    stride = 0.26 * float(np.sin(2 * np.pi * phase / 16))
    torso = np.array([(-0.19, 0.8), (0.19, 0.8), (0.26, 1.4), (0.12, 1.52), (-0.12, 1.52), (-0.26, 1.4)])
    arm = np.array([(-0.27, 1.42), (-0.2, 1.44), (-0.16 - stride, 0.9), (-0.26 - stride, 0.9)])
    outlines = (
        *((np.array([(x - 0.08, 0), (x + 0.1, 0), (0.14, 0.88), (-0.14, 0.88)]), trousers) for x in (-stride, stride)),
        (torso, coat),
        (arm, shade(coat, 0.8)),
        (arm * (-1, 1), shade(coat, 0.8)),
        (disc((0, 1.66), (0.13, 0.16)), skin),
        (disc((0, 1.74), (0.13, 0.09)), hair),
    )
    return Model(
        [Part(shapes=(upright(outline * size),), colour=colour, label=PEDESTRIAN) for outline, colour in outlines]
    )
