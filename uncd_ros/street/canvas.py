# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pinhole camera on a bending road, and a canvas that paints pixels and their exact labels at once."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
"""RGB, 0 to 255."""
Points = NDArray[np.floating]

BLACK: Colour = (0, 0, 0)
CAMERA_HEIGHT = 1.4
"""Metres above the road."""
NEAR, FAR = 0.8, 130.0
"""Metres ahead between which objects are drawn."""
DETAIL_END = 60.0
"""Metres beyond which what has no label of its own is too small to draw."""
SUBPIXEL_BITS = 4
SUBPIXELS = 1 << SUBPIXEL_BITS
LIMIT = 1 << 18
"""Largest fixed-point coordinate, far outside any image."""

SKY, BUILDING, ROAD, PAVEMENT, VEGETATION, CAR, PEDESTRIAN, POLE = range(8)
"""Label ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where the camera is and how it projects."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    focal: float
    """Pixels."""
    horizon: float
    """Row of the horizon, pixels."""
    x: float
    """Metres to the right of the centre line."""
    z: float
    """Metres driven along the street."""
    curvature: float
    """Of the road ahead, 1 / metre, positive to the right."""
    heading: float
    """Direction of the road, radians, for what is too far away to drive past."""

    def project(self, points: Points) -> Points:
        """(N, 3) of x right of the centre line, y up, z ahead of the camera, metres -> (N, 2) pixels."""
        depth = np.maximum(points[:, 2], NEAR)
        scale = self.focal / depth
        pixels = np.empty((len(points), 2))
        pixels[:, 0] = (points[:, 0] - self.x) * scale + depth * (0.5 * self.focal * self.curvature) + 0.5 * self.width
        pixels[:, 1] = (CAMERA_HEIGHT - points[:, 1]) * scale + self.horizon
        return pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One or more polygons of one colour."""

    shapes: tuple[Points, ...]
    """Each (P, 3): metres right, up and ahead of the model's place."""
    colour: Colour
    label: int | None = None
    """Class id or 255; without one, the label painted below shows through."""
    emission: Colour = BLACK
    """The light it gives at night; seen only where it has a label."""


class Model:
    """Parts in the order they are painted, ready to be placed on the street."""

    def __init__(self, parts: list[Part]) -> None:
        self.parts = [part for part in parts if part.shapes]
        shapes = [shape for part in self.parts for shape in part.shapes]
        ends = np.cumsum([len(shape) for shape in shapes]).tolist()
        slices = iter([slice(end - len(shape), end) for shape, end in zip(shapes, ends, strict=True)])
        self.corners = np.concatenate(shapes)
        self.slices = [[next(slices) for _ in part.shapes] for part in self.parts]
        self.depths = [float(np.mean([shape[:, 2].mean() for shape in part.shapes])) for part in self.parts]


class Canvas:
    """Paints shapes, far to near, into an image (anti-aliased) and into a map of part numbers (exact)."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.image = np.zeros((view.height, view.width, 3), np.uint8)
        self.numbers = np.zeros((view.height, view.width), np.int16)
        self.labels: list[int] = []
        self.depths: list[float] = []
        self.emissions: list[Colour] = []

    def place(self, model: Model, x: float, z: float) -> None:
        """Paint a model that stands `x` metres right of the centre line and `z` metres ahead."""
        pixels = self.view.project(model.corners + (x, 0.0, z))
        columns = pixels[:, 0]
        if columns.max() < 0 or columns.min() > self.view.width:
            return
        corners = _subpixels(pixels)
        for part, slices, depth in zip(model.parts, model.slices, model.depths, strict=True):
            if part.label is None and z > DETAIL_END:
                continue
            self._fill([corners[where] for where in slices], part.colour, part.label, z + depth, part.emission)

    def fill(self, shapes: list[Points], colour: Colour, label: int | None = None, depth: float = 0.0) -> None:
        """Fill (P, 2) polygons in pixels; what lies on the ground has depth 0."""
        self._fill([_subpixels(shape) for shape in shapes], colour, label, depth)

    def seen(self, values: list[float] | list[Colour]) -> NDArray[np.float32]:
        """(H, W) or (H, W, 3): of one value a part, the one seen at every pixel."""
        return np.asarray(values, np.float32)[self.numbers]

    def _fill(
        self, shapes: list[NDArray[np.int32]], colour: Colour, label: int | None, depth: float, emission: Colour = BLACK
    ) -> None:
        cv2.fillPoly(self.image, shapes, colour, cv2.LINE_AA, SUBPIXEL_BITS)
        if label is None:
            return
        cv2.fillPoly(self.numbers, shapes, (len(self.labels),), cv2.LINE_8, SUBPIXEL_BITS)
        self.labels.append(label)
        self.depths.append(depth)
        self.emissions.append(emission)


def _subpixels(pixels: Points) -> NDArray[np.int32]:
    """Fixed-point pixels, kept within what the rasteriser can hold."""
    scaled = pixels * SUBPIXELS
    np.rint(scaled, out=scaled)
    np.maximum(scaled, -LIMIT, out=scaled)
    np.minimum(scaled, LIMIT, out=scaled)
    return scaled.astype(np.int32)


def upright(outline: Points, z: float = 0.0) -> Points:
    """(P, 2) of x, y in metres -> (P, 3), facing the camera."""
    return np.column_stack([outline, np.full(len(outline), z)])


def wall(x: float, y: tuple[float, float], z: tuple[float, float]) -> Points:
    """(4, 3) corners of a rectangle along the road."""
    return np.array([(x, y[0], z[0]), (x, y[0], z[1]), (x, y[1], z[1]), (x, y[1], z[0])])


def disc(centre: tuple[float, float], radius: tuple[float, float], corners: int = 14) -> Points:
    """(corners, 2) of an ellipse, metres."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([centre[0] + radius[0] * np.cos(angle), centre[1] + radius[1] * np.sin(angle)], -1)


def box(left: float, bottom: float, right: float, top: float) -> Points:
    """(4, 2) of an upright rectangle, metres."""
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)])


def shade(colour: Colour, factor: float) -> Colour:
    """The colour, lighter or darker."""
    red, green, blue = (min(255.0, channel * factor) for channel in colour)
    return red, green, blue
