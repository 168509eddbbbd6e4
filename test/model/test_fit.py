# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where an image of any shape lies in the network's input, to the pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncd_ros.model.fit import CROP, FITS, LETTERBOX, STRETCH, Area, Placement, aspect_ratio, place

SIZES = st.tuples(st.integers(1, 4000), st.integers(1, 4000))
NETWORK = (360, 480)


def whole(height: int, width: int) -> Area:
    """All of it."""
    return Area(top=0, left=0, height=height, width=width)


@pytest.mark.parametrize('fit', FITS)
@pytest.mark.parametrize('image', [(360, 480), (480, 640), (720, 960), (3, 4)])
def test_an_image_of_the_network_s_shape_fills_it(fit: str, image: tuple[int, int]) -> None:
    assert place(fit, image, NETWORK) == Placement(seen=whole(*image), filled=whole(*NETWORK))


@pytest.mark.parametrize(
    ('fit', 'image', 'seen', 'filled'),
    [
        (STRETCH, (720, 1280), whole(720, 1280), whole(360, 480)),
        (LETTERBOX, (720, 1280), whole(720, 1280), Area(top=45, left=0, height=270, width=480)),
        (CROP, (720, 1280), Area(top=0, left=160, height=720, width=960), whole(360, 480)),
        # Taller than wide.
        (LETTERBOX, (640, 480), whole(640, 480), Area(top=0, left=105, height=360, width=270)),
        (CROP, (640, 480), Area(top=140, left=0, height=360, width=480), whole(360, 480)),
        # Odd: 479 x 0.75 = 359.25 rows; 481 rows are 1 more than the shape has.
        (LETTERBOX, (480, 641), whole(480, 641), Area(top=0, left=0, height=359, width=480)),
        (CROP, (481, 640), Area(top=0, left=0, height=480, width=640), whole(360, 480)),
        (CROP, (1, 1), whole(1, 1), whole(360, 480)),
        # At least one pixel is left, however narrow the image is.
        (LETTERBOX, (4000, 1), whole(4000, 1), Area(top=0, left=239, height=360, width=1)),
    ],
)
def test_where_an_image_lies(fit: str, image: tuple[int, int], seen: Area, filled: Area) -> None:
    assert place(fit, image, NETWORK) == Placement(seen=seen, filled=filled)


@given(fit=st.sampled_from(FITS), image=SIZES, network=SIZES)
def test_areas_lie_inside_and_in_the_middle(fit: str, image: tuple[int, int], network: tuple[int, int]) -> None:
    placement = place(fit, image, network)
    for area, size in ((placement.seen, image), (placement.filled, network)):
        for start, length, outer in zip((area.top, area.left), area.size, size, strict=True):
            assert start >= 0 and length >= 1
            assert 0 <= outer - length - 2 * start <= 1
    assert placement.seen.size == image or fit == CROP
    assert placement.filled.size == network or fit == LETTERBOX


@given(fit=st.sampled_from((LETTERBOX, CROP)), image=SIZES, network=SIZES)
def test_the_aspect_is_kept_to_half_a_pixel(fit: str, image: tuple[int, int], network: tuple[int, int]) -> None:
    placement = place(fit, image, network)
    (rows, columns), (height, width) = placement.seen.size, placement.filled.size
    found, fixed = (placement.filled, network) if fit == LETTERBOX else (placement.seen, image)
    other = (rows, columns) if fit == LETTERBOX else (height, width)
    exact = [fixed[0], fixed[1]]
    if found.width == fixed[1]:
        exact[0] = max(1.0, fixed[1] * other[0] / other[1])
    if found.height == fixed[0]:
        exact[1] = max(1.0, fixed[0] * other[1] / other[0])
    assert abs(found.height - exact[0]) <= 0.5 or abs(found.width - exact[1]) <= 0.5


@given(fit=st.sampled_from(FITS), image=SIZES)
def test_a_pixel_comes_back_to_where_it_was(fit: str, image: tuple[int, int]) -> None:
    placement = place(fit, image, NETWORK)
    seen, filled = placement.seen, placement.filled
    for start, length, there, its_length in (
        (seen.top, seen.height, filled.top, filled.height),
        (seen.left, seen.width, filled.left, filled.width),
    ):
        pixels = start + np.arange(length) + 0.5  # the middle of each
        forth = there + (pixels - start) / length * its_length
        assert there < forth.min() and forth.max() < there + its_length
        np.testing.assert_allclose(start + (forth - there) / its_length * length, pixels)


def test_aspect_ratio_is_that_of_the_wider_to_the_narrower() -> None:
    assert aspect_ratio((360, 480), (360, 480)) == 1.0
    assert aspect_ratio((720, 1280), (360, 480)) == pytest.approx(4 / 3)
    assert aspect_ratio((640, 480), (480, 640)) == pytest.approx(16 / 9)
