# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Colours and overlay."""

import numpy as np
import pytest

from uncd_ros.images.palette import OUTLINE, colour_blind_safe, colour_table, colourise, framed, heat, outlined, overlay

TABLE = colour_table(((255, 0, 0), (0, 255, 0)))


def test_ids_get_their_colour_and_abstained_pixels_black() -> None:
    labels = np.array([[0, 1, 255]], np.uint8)
    assert colourise(labels, TABLE).tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 0]]]


def test_overlay_of_unsure_pixels_is_the_grey_image() -> None:
    image = np.full((2, 2, 3), 100, np.uint8)
    labels = np.zeros((2, 2), np.uint8)
    uncertainty = np.array([[0.0, 0.25], [0.5, 0.9]], np.float32)
    shown = overlay(image, labels, uncertainty, TABLE, 0.5)
    assert shown.shape == (2, 2, 3) and shown.dtype == np.uint8
    assert shown[1].tolist() == [[100, 100, 100], [100, 100, 100]]
    reds = shown[0, :, 0].astype(int)
    assert reds[0] > reds[1] > 100


@pytest.mark.parametrize('order', [1, -1], ids=['rgb', 'view of bgr'])
def test_overlay_blends_colour_and_grey(order: int) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (37, 41, 3), np.uint8)[..., ::order]
    labels = rng.choice(np.array([0, 1, 255], np.uint8), (37, 41))
    uncertainty = rng.random((37, 41), np.float32)
    grey = image @ np.array([0.299, 0.587, 0.114])
    weight = np.maximum(0.55 * (1.0 - uncertainty / 0.5), 0.0)[..., None]
    expected = weight * colourise(labels, TABLE) + (1.0 - weight) * grey[..., None]
    assert np.abs(overlay(image, labels, uncertainty, TABLE, 0.5) - expected).max() < 2.0


def test_heat_brightens_with_uncertainty_up_to_its_range() -> None:
    brightness = heat(np.array([[0.0, 0.2, 0.5, 0.7]], np.float32), 0.5).sum(axis=2)[0]
    assert brightness[0] < brightness[1] < brightness[2] == brightness[3]


def test_colour_blind_safe_colours_are_all_different() -> None:
    assert colour_blind_safe(3) == ((86, 180, 233), (230, 159, 0), (0, 158, 115))
    assert len(set(colour_blind_safe(24))) == 24


def test_frame_is_red_and_leaves_the_middle() -> None:
    image = framed(np.full((100, 50, 3), 9, np.uint8))
    assert (image[:2] == (255, 0, 0)).all() and (image[:, -2:] == (255, 0, 0)).all()
    assert (image[2:-2, 2:-2] == 9).all()


def test_a_box_is_drawn_around_an_obstacle_and_leaves_it_to_be_seen() -> None:
    image = outlined(np.full((100, 120, 3), 9, np.uint8), [(30, 20, 40, 50)])
    assert (image[20, 30:70] == OUTLINE).all() and (image[20:70, 69] == OUTLINE).all()
    assert (image[25:65, 35:65] == 9).all() and (image[:15] == 9).all()
