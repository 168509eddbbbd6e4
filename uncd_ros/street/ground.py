# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What lies and what is far: sky, skyline, road, pavement and their texture."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.street.canvas import (
    BUILDING,
    CAMERA_HEIGHT,
    FAR,
    NEAR,
    PAVEMENT,
    ROAD,
    SKY,
    VEGETATION,
    Canvas,
    Colour,
    Points,
    View,
    shade,
)

LANE, KERB, FRONT = 3.3, 5.3, 8.8
"""Lane border, kerb and front of the buildings, metres from the centre line."""
SKY_DEPTH, SKYLINE_DEPTH = 2000.0, 260.0
"""Metres."""
TILE = 512
"""Side of a texture tile in texels, 40 to the metre."""
_SKYLINES = ((BUILDING, (148, 152, 164), 0.085, True), (VEGETATION, (92, 116, 88), 0.05, False))
"""Label, colour, greatest height as a share of the image, and whether it has roofs rather than crowns."""
_DEPTHS = NEAR * (1.2 * FAR / NEAR) ** np.linspace(0, 1, 26)


def paint_backdrop(canvas: Canvas, seed: int) -> None:
    """Sky with clouds, then two ranges of skyline, all turning with the road."""
    view = canvas.view
    rows = min(view.height, int(view.horizon) + 2)
    everywhere = np.array([(0, 0), (view.width, 0), (view.width, view.height), (0, view.height)], float)
    canvas.fill([everywhere], (255, 255, 255), SKY, SKY_DEPTH)
    left = int(view.width + view.focal * view.heading) % (2 * view.width)
    canvas.image[:rows] = _sky(seed, rows, 3 * view.width)[:, left : left + view.width]
    columns = np.linspace(-0.1, 1.1, 60) * view.width
    turned = (columns + view.focal * view.heading) / view.width * 0.8 * TILE % TILE
    for label, colour, height, steps in _SKYLINES:
        top = view.horizon - view.height * height * np.interp(turned, np.arange(TILE), _profile(seed, label, steps))
        corners = [(columns[-1], view.horizon + 2), (columns[0], view.horizon + 2)]
        canvas.fill([np.concatenate([np.stack([columns, top], -1), corners])], colour, label, SKYLINE_DEPTH)


def paint_ground(canvas: Canvas, seed: int) -> None:
    """Verge, pavement, kerb, road and its markings."""
    view = canvas.view
    tone = 0.85 + 0.3 * np.random.default_rng((seed, 11)).random()
    layers: tuple[tuple[list[Points], Colour, int | None], ...] = (
        ([_strip(-60, 60)], (104, 128, 74), VEGETATION),
        ([_strip(-FRONT - 1, FRONT + 1)], shade((158, 152, 146), tone), PAVEMENT),
        (_slabs(view), shade((138, 132, 127), tone), None),
        ([_strip(-KERB - 0.2, KERB + 0.2)], shade((182, 178, 172), tone), PAVEMENT),
        ([_strip(-KERB, KERB)], shade((100, 101, 106), tone), ROAD),
        ([_strip(side * LANE - 0.06, side * LANE + 0.06) for side in (-1, 1)], (196, 196, 192), None),
        (_dashes(view), (226, 226, 220), None),
        (_zebra(view), (220, 220, 214), None),
    )
    for shapes, colour, label in layers:
        canvas.fill([view.project(shape) for shape in shapes], colour, label)
    _roughen(canvas)


def row_depth(view: View) -> NDArray[np.float32]:
    """(H,) distance in metres of the ground seen in each row; the horizon and above are far."""
    below = np.arange(view.height) + 0.5 - view.horizon
    return np.asarray(np.minimum(CAMERA_HEIGHT * view.focal / np.maximum(below, 1e-3), SKYLINE_DEPTH), np.float32)


def _strip(left: float, right: float) -> Points:
    """(2 D, 3) outline of a strip of ground that follows the bend."""
    there = np.stack([np.full_like(_DEPTHS, left), np.zeros_like(_DEPTHS), _DEPTHS], -1)
    return np.concatenate([there, (there + (right - left, 0, 0))[::-1]])


def _repeated(view: View, spacing: float, reach: float) -> NDArray[np.float64]:
    """Distances ahead of what repeats every `spacing` metres, up to `reach`."""
    first = np.floor(view.z / spacing)
    return np.asarray((first + np.arange(int(reach / spacing) + 1)) * spacing - view.z)


def _flat(x: tuple[float, float], start: NDArray[np.float64], length: float) -> list[Points]:
    """(4, 3) rectangles on the ground, one a start; those behind the camera are left out."""
    return [
        np.array([(x[0], 0, z), (x[1], 0, z), (x[1], 0, z + length), (x[0], 0, z + length)])
        for z in start
        if z + length > NEAR
    ]


def _dashes(view: View) -> list[Points]:
    return _flat((-0.08, 0.08), _repeated(view, 9.0, 90.0), 3.0)


def _slabs(view: View) -> list[Points]:
    joints = _repeated(view, 1.5, 24.0)
    return _flat((-FRONT, -KERB), joints, 0.05) + _flat((KERB, FRONT), joints, 0.05)


def _zebra(view: View) -> list[Points]:
    starts = _repeated(view, 75.0, 90.0) + 20.0
    return [stripe for x in np.arange(-LANE + 0.15, LANE - 0.5, 1.0) for stripe in _flat((x, x + 0.5), starts, 3.0)]


def _roughen(canvas: Canvas) -> None:
    """Multiply the ground with a texture that stays put on the road and fades with distance."""
    view = canvas.view
    first = int(np.ceil(view.horizon)) + 1
    depth = row_depth(view)[first:, None]
    column = (np.arange(view.width, dtype=np.float32) + 0.5 - 0.5 * view.width)[None]
    x = depth * column / view.focal + np.float32(view.x) - np.float32(0.5 * view.curvature) * depth**2
    along = np.broadcast_to(np.float32(view.z % (TILE / 40)) + depth, x.shape)
    noise = cv2.remap(_texture(), x * 40 % TILE, along * 40 % TILE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    factor = 1.0 + noise * (0.9 / (1.0 + 0.15 * depth))
    ground = canvas.image[first:]
    cv2.multiply(ground, cv2.merge([factor] * 3), ground, dtype=cv2.CV_8U)


@lru_cache(maxsize=1)
def _texture() -> NDArray[np.float32]:
    """(TILE, TILE) grain and stains around 0."""
    rng = np.random.default_rng(3)
    grain = rng.standard_normal((TILE, TILE)).astype(np.float32)
    stains = _periodic_blur(rng.standard_normal((TILE, TILE)).astype(np.float32), 18)
    return np.asarray(0.07 * _periodic_blur(grain, 0.8) + 0.06 * stains, np.float32)


def _periodic_blur(field: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blur that wraps around, scaled back to unit deviation."""
    margin = TILE // 4
    wide = cv2.GaussianBlur(np.pad(field, margin, mode='wrap'), (0, 0), sigma)[margin:-margin, margin:-margin]
    return np.asarray(wide / wide.std(), np.float32)


@lru_cache(maxsize=16)
def _sky(seed: int, rows: int, columns: int) -> NDArray[np.uint8]:
    """(rows, columns, 3) gradient with clouds; the last third repeats the first, so that a window can slide."""
    rng = np.random.default_rng((seed, 12))
    clear, haze = np.array([(96, 146, 206), (206, 220, 232)]) + rng.uniform(-18, 18, (2, 1))
    if rng.random() < 0.4:  # an overcast day
        clear, haze = np.array([(168, 176, 186), (214, 216, 218)]) + rng.uniform(-14, 14, (2, 1))
    height = np.linspace(0, 1, rows)[:, None, None]
    period = columns * 2 // 3
    cloud = rng.standard_normal((rows, period)).astype(np.float32)
    cloud = np.pad(cloud, ((0, 0), (period // 2, period // 2)), mode='wrap')
    scales = [scale * rows / 40 for scale in (3, 6, 12)]
    cloud = np.sum([cv2.GaussianBlur(cloud, (0, 0), scale, sigmaY=0.35 * scale) * scale for scale in scales], 0)
    cloud = cloud[:, period // 2 : period // 2 + period]
    cover = np.clip(cloud / cloud.std() * 0.45 - rng.uniform(-0.1, 0.5), 0, 1)[..., None]
    sky = clear + (haze - clear) * height
    sky = sky + (np.array((244, 244, 246)) - sky) * cover * (0.85 - 0.4 * height)
    return np.asarray(np.concatenate([sky, sky[:, : columns - period]], 1), np.uint8)


@lru_cache(maxsize=64)
def _profile(seed: int, label: int, steps: bool) -> NDArray[np.float32]:
    """(TILE,) height of a skyline, 0 to 1: roofs in steps or crowns in waves."""
    rng = np.random.default_rng((seed, 13, label))
    if steps:
        return np.repeat(rng.uniform(0.3, 1.0, TILE // 16), 16).astype(np.float32)
    knots = rng.uniform(0.35, 1.0, TILE // 8 + 1)
    knots[-1] = knots[0]
    return np.interp(np.arange(TILE) / 8, np.arange(len(knots)), knots).astype(np.float32)
