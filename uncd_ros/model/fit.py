# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a camera image of another shape than the network's input is fitted to it: arithmetic alone."""

from dataclasses import dataclass

STRETCH, LETTERBOX, CROP = FITS = ('stretch', 'letterbox', 'crop')
"""Change the aspect; keep it and pad; keep it and leave the edges out."""
DEFAULT_FIT = LETTERBOX
"""The most accurate on 16:9 images of those that label every pixel: see docs/models.md."""

Size = tuple[int, int]
"""(height, width) in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle of whole pixels; at least one."""

    top: int
    left: int
    height: int
    width: int

    @property
    def size(self) -> Size:
        """(height, width)."""
        return self.height, self.width

    @property
    def index(self) -> tuple[slice, slice]:
        """Rows and columns: indexes an (H, W, ...) array."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Which part of the camera image the network sees, and where in its input that lies."""

    seen: Area
    """Of the camera image; the rest gets no label. All of it, except with `crop`."""
    filled: Area
    """Of the network's input; the rest is padding. All of it, except with `letterbox`."""


def place(fit: str, image: Size, network: Size) -> Placement:
    """`fit` is one of FITS; an image of the network's shape fills its input, whole, with each of them."""
    seen, filled = image, network
    if fit == LETTERBOX:
        filled = _largest_inside(network, image)
    elif fit == CROP:
        seen = _largest_inside(image, network)
    return Placement(seen=_centred(seen, image), filled=_centred(filled, network))


def aspect_ratio(image: Size, network: Size) -> float:
    """How many times as wide, or as narrow, as the network's input the image is for its height: 1 or more."""
    ratio = image[1] * network[0] / (image[0] * network[1])
    return max(ratio, 1.0 / ratio)


def _largest_inside(outer: Size, shape: Size) -> Size:
    """The largest size of this shape within `outer`, to the nearest pixel."""
    (height, width), (rows, columns) = outer, shape
    if columns * height >= rows * width:  # as wide as can be
        return max(1, _divide(width * rows, columns)), width
    return height, max(1, _divide(height * columns, rows))


def _divide(numerator: int, denominator: int) -> int:
    """The nearest whole number, halves up: exact, unlike floats."""
    return (2 * numerator + denominator) // (2 * denominator)


def _centred(inner: Size, outer: Size) -> Area:
    (height, width), (rows, columns) = inner, outer
    return Area(top=(rows - height) // 2, left=(columns - width) // 2, height=height, width=width)
