# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Colours: class ids to RGB, and the overlay a person looks at."""

from collections.abc import Iterable
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.images.channels import contiguous_bgr

OKABE_ITO = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (255, 255, 255),
)
"""Colours that people with any kind of colour vision tell apart (Okabe and Ito, 2008)."""
STRONGEST = 0.55 * 255
"""Weight of the class colour in an overlay, of 255, where the model is certain."""
OUTLINE = (255, 230, 0)
"""Of an obstacle."""
Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


def colour_blind_safe(count: int) -> tuple[tuple[int, int, int], ...]:
    """`count` colours: those of Okabe and Ito, then darker ones of the same hues."""
    shades = (
        (red // 2**turn, green // 2**turn, blue // 2**turn)
        for turn in range(-(-count // len(OKABE_ITO)))
        for red, green, blue in OKABE_ITO
    )
    return tuple(islice(shades, count))


def colour_table(colours: tuple[tuple[int, int, int], ...]) -> NDArray[np.uint8]:
    """(256, 3) RGB table; ids without a colour of their own, 255 among them, are black."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(colours)] = colours
    return table


def colourise(labels: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) ids -> (H, W, 3) RGB."""
    return table[labels]


def heat(uncertainty: NDArray[np.float32], upper: float) -> NDArray[np.uint8]:
    """(H, W) uncertainty in [0, upper] -> (H, W, 3) RGB, black through orange to white."""
    scaled = cv2.convertScaleAbs(uncertainty, alpha=255.0 / upper)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(scaled, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), np.uint8)


def overlay(
    image: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    uncertainty: NDArray[np.float32],
    table: NDArray[np.uint8],
    upper: float,
) -> NDArray[np.uint8]:
    """Class colours over the camera image, (H, W, 3) RGB; colour fades to grey where the model is unsure.

    `upper` is the uncertainty at which nothing of the colour is left.
    """
    # In steps of 1/255 and by OpenCV alone: the node draws while the next image waits.
    weight = cv2.addWeighted(uncertainty, -STRONGEST / upper, uncertainty, 0.0, STRONGEST, dtype=cv2.CV_8U)
    grey = cv2.cvtColor(contiguous_bgr(image), cv2.COLOR_BGR2GRAY)
    rest = cv2.multiply(grey, 255 - weight, scale=1 / 255)
    colours = cv2.applyColorMap(labels, table[:, None])
    tint = cv2.multiply(colours, cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB), scale=1 / 255)
    return np.asarray(cv2.add(tint, cv2.cvtColor(rest, cv2.COLOR_GRAY2RGB)), np.uint8)


def outlined(image: NDArray[np.uint8], boxes: Iterable[Box]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB with the obstacles' boxes drawn into it, light on dark, to be seen on any ground."""
    width = max(1, image.shape[0] // 180)
    for left, top, box_width, box_height in boxes:
        corners = (left, top), (left + box_width - 1, top + box_height - 1)
        for colour, thickness in (((0, 0, 0), 3 * width), (OUTLINE, width)):
            cv2.rectangle(image, *corners, colour, thickness)
    return image


def framed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB with a red frame drawn into it: the flag is up, to be seen in any image viewer."""
    width = max(1, image.shape[0] // 50)
    for edge in (image[:width], image[-width:], image[:, :width], image[:, -width:]):
        edge[...] = (255, 0, 0)
    return image
