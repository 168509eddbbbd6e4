# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A procedural street: camera images with exact labels, weather and unknown objects, the same for the same seed."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.street.buildings import PLOT, house
from uncd_ros.street.canvas import FAR, NEAR, Canvas, Model, View
from uncd_ros.street.ground import KERB, LANE, paint_backdrop, paint_ground, row_depth
from uncd_ros.street.objects import Dice, car, hedge, lamp_post, pedestrian, sign_post, tree
from uncd_ros.street.unknowns import unknown_object
from uncd_ros.street.weather import add_fog, add_night, add_rain, expose

STREET_CLASSES: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ('sky', (112, 164, 214)),
    ('building', (150, 84, 72)),
    ('road', (120, 88, 140)),
    ('pavement', (222, 164, 196)),
    ('vegetation', (104, 148, 48)),
    ('car', (36, 60, 190)),
    ('pedestrian', (222, 36, 60)),
    ('pole', (226, 204, 72)),
)
"""Name and RGB colour of each label id, in order."""
STREET_FPS = 20.0
"""Frames a second at which the street looks as driven at SPEED."""
SPEED = 8.0
"""Metres a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetScene:
    """One camera image and the truth about it."""

    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    labels: NDArray[np.uint8]
    """(H, W) index into STREET_CLASSES; 255 on unknown objects."""
    unknown: NDArray[np.bool_]
    """(H, W) true where an object of no known class is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A model on the street."""

    order: float
    """Metres ahead by which it is painted, far to near."""
    x: float
    """Metres right of the centre line."""
    z: float
    """Metres ahead of the camera."""
    model: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class _Belt:
    """Objects of one kind in a row along the street, which may move as a whole."""

    build: Callable[[Dice, float], Model]
    """The model for six dice, seen from this many metres away."""
    x: float
    """Metres right of the centre line."""
    spacing: float
    """Metres from one place to the next."""
    share: float
    """Share of places that are taken, 0 to 1."""
    speed: float = 0.0
    """Metres a second along the street."""
    nearest: float = NEAR
    """Metres ahead of the camera below which an object is left out."""


def _tree(dice: Dice, ahead: float) -> Model:
    return tree(dice, 3 if ahead < 35.0 else 1)


def _walker(dice: Dice, ahead: float) -> Model:
    return pedestrian(dice, int(16 * (ahead / 1.4 + dice[5])) % 16)


def _belts(side: int) -> tuple[_Belt, ...]:
    """What lines one side of the street, -1 (left) or 1 (right)."""
    return (
        _Belt(build=_tree, x=side * (KERB + 0.9), spacing=11.0, share=0.6),
        _Belt(build=lambda dice, _: hedge(dice), x=side * 8.4, spacing=7.0, share=0.3),
        _Belt(build=lambda dice, _: lamp_post(dice, side), x=side * (KERB + 0.35), spacing=26.0, share=0.9),
        _Belt(build=lambda dice, _: sign_post(dice), x=side * (KERB + 0.5), spacing=17.0, share=0.5),
        _Belt(build=_walker, x=side * 7.6, spacing=9.0, share=0.6, speed=1.3),
        _Belt(build=_walker, x=side * 6.5, spacing=10.0, share=0.6, speed=-1.2),
        _Belt(
            build=lambda dice, _: car(dice, -side, False), x=side * (KERB - 1.0), spacing=7.0, share=0.35, nearest=-4.0
        ),
    )


_BELTS = (
    *_belts(-1),
    *_belts(1),
    _Belt(build=lambda dice, _: car(dice, 1, True), x=-LANE / 2, spacing=32.0, share=0.6, speed=-9.0, nearest=-4.0),
    _Belt(build=lambda dice, _: car(dice, -1, False), x=LANE / 2, spacing=36.0, share=0.5, speed=SPEED, nearest=9.0),
)
_HOUSE_SHARE = 0.82
_WINDOWS_END = 70.0
"""Metres beyond which windows are too small to draw."""


def render_street(
    *,
    seed: int,
    frame: int,
    height: int,
    width: int,
    fog: float = 0.0,
    night: float = 0.0,
    rain: float = 0.0,
    unknown_objects: int = 0,
) -> StreetScene:
    """Frame number `frame` of the drive along street number `seed`; fog, night and rain are strengths in [0, 1]."""
    canvas = Canvas(_view(seed, frame, height, width))
    paint_backdrop(canvas, seed)
    paint_ground(canvas, seed)
    for thing in _far_to_near(seed, canvas.view.z, frame / STREET_FPS, unknown_objects):
        canvas.place(thing.model, thing.x, thing.z)
    depth = canvas.seen(canvas.depths)
    ground = depth == 0.0
    depth = np.where(ground, row_depth(canvas.view)[:, None], depth)
    emission = canvas.seen(canvas.emissions).astype(np.uint8) if night > 0 else canvas.image
    image = add_night(add_fog(canvas.image, depth, fog), depth, emission, night)
    image = add_rain(image, ground, rain, seed, frame)
    labels = np.asarray(canvas.labels, np.uint8)[canvas.numbers]
    return StreetScene(
        image=expose(image, _daylight(seed), 3.5 + 4.0 * night, seed, frame),
        labels=labels,
        unknown=labels == IGNORE_INDEX,
    )


def _view(seed: int, frame: int, height: int, width: int) -> View:
    """The camera in its lane of a road that winds gently; the car nods a little."""
    seconds = frame / STREET_FPS
    z = SPEED * seconds + 2.0 * math.sin(seconds / 3)
    phase = np.random.default_rng((seed, 1)).uniform(0, 2 * math.pi, 2)
    bends = [(0.003, 70.0, phase[0]), (0.002, 33.0, phase[1])]
    return View(
        width=width,
        height=height,
        focal=0.8 * width,
        horizon=height * 0.45 + 0.004 * height * math.sin(2.1 * seconds + phase[0]),
        x=LANE / 2 + 0.15 * math.sin(0.6 * seconds + phase[1]),
        z=z,
        curvature=sum(bend * math.sin(z / length + start) for bend, length, start in bends),
        heading=-sum(bend * length * math.cos(z / length + start) for bend, length, start in bends),
    )


def _far_to_near(seed: int, z: float, seconds: float, unknown_objects: int) -> list[_Placed]:
    """Everything that stands on the ground; what is nearer is painted over what is farther."""
    things = [*_plots(seed, z), *_belt_objects(seed, z, seconds), *_unknowns(seed, z, unknown_objects)]
    return sorted(things, key=lambda thing: -thing.order)


def _plots(seed: int, z: float) -> Iterator[_Placed]:
    """Houses and gardens; a plot counts as far as its far end, so that its trees and people stand before it."""
    for plot in range(math.floor(z / PLOT), math.ceil((z + FAR) / PLOT)):
        near = plot * PLOT - z
        far = near + PLOT
        for side in (-1, 1):
            taken, *dice = _dice(seed, -side, plot)
            if taken < _HOUSE_SHARE:
                yield _Placed(order=far, x=0.0, z=near, model=house(seed, side, plot, near < _WINDOWS_END))
                continue
            for step in range(4):
                trunk = near + 3.5 * step + 1.5
                grown = _tree(_dice(seed, 9 + step, 2 * plot + side)[2:], max(trunk, 0))
                if trunk > NEAR:
                    yield _Placed(order=trunk, x=side * (11.0 + 3.0 * dice[step]), z=trunk, model=grown)


def _belt_objects(seed: int, z: float, seconds: float) -> Iterator[_Placed]:
    """What is taken on the belts, between the camera and FAR."""
    for index, belt in enumerate(_BELTS):
        start = z - belt.speed * seconds
        first, last = math.floor((start + belt.nearest) / belt.spacing) - 1, math.ceil((start + FAR) / belt.spacing)
        for slot in range(first, last):
            taken, jitter, *dice = _dice(seed, 100 + index, slot)
            ahead = (slot + 0.35 * jitter) * belt.spacing - start
            if taken < belt.share and belt.nearest <= ahead <= FAR:
                yield _Placed(order=ahead, x=belt.x, z=ahead, model=belt.build(tuple(dice), ahead))


def _unknowns(seed: int, z: float, count: int) -> Iterator[_Placed]:
    """`count` unknown objects 6 to 24 m ahead in our lane; one that is passed makes room for the next."""
    for index in range(count):
        passed, driven = divmod(z / 18.0 + _dice(seed, 50, index)[0] + index / count, 1.0)
        kind, mirror, tone, x, *_ = _dice(seed, 60 + index, int(passed))
        ahead = 24.0 - 18.0 * driven
        yield _Placed(order=ahead, x=-0.5 + 3.5 * x, z=ahead, model=unknown_object((kind, mirror, tone)))


@lru_cache(maxsize=8192)
def _dice(seed: int, kind: int, slot: int) -> tuple[float, ...]:
    """Eight numbers in [0, 1) that belong to one place of one street."""
    return tuple(np.random.default_rng((seed, kind + 1000, slot + 1_000_000)).random(8).tolist())


def _daylight(seed: int) -> tuple[float, float, float]:
    """RGB gain of the light on this street: dull or bright, cool or warm."""
    bright, warm = np.random.default_rng((seed, 2)).uniform((0.82, -0.07), (1.12, 0.07))
    return float(bright * (1 + warm)), float(bright), float(bright * (1 - warm))
