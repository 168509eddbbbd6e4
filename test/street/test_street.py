# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural street: the same for the same seed, exact labels, weather that touches only the image."""

import cv2
import numpy as np
import pytest

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.street.canvas import CAR, ROAD, SKY
from uncd_ros.street.drive import StreetDrive, drive_weather
from uncd_ros.street.scene import STREET_CLASSES, render_street
from uncd_ros.street.weather import add_fog, add_night, add_rain

SIZE = {'height': 120, 'width': 160}


def test_same_seed_and_frame_give_the_same_scene():
    first, again = (render_street(seed=5, frame=31, rain=0.5, unknown_objects=2, **SIZE) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.unknown, again.unknown)


def test_another_seed_is_another_street():
    one, other = (render_street(seed=seed, frame=31, **SIZE).labels for seed in (5, 6))
    assert (one != other).mean() > 0.05


@pytest.mark.parametrize(('height', 'width'), [(240, 320), (97, 131), (64, 256)])
def test_shapes_and_ids(height, width):
    scene = render_street(seed=1, frame=10, height=height, width=width)
    assert scene.image.shape == (height, width, 3)
    assert scene.labels.shape == scene.unknown.shape == (height, width)
    assert (scene.image.dtype, scene.labels.dtype, scene.unknown.dtype) == (np.uint8, np.uint8, np.bool_)
    assert scene.labels.max() < len(STREET_CLASSES)
    assert not scene.unknown.any()


def test_every_class_is_seen_along_a_few_streets():
    scenes = [render_street(seed=seed, frame=40, **SIZE).labels for seed in range(8)]
    share = np.bincount(np.concatenate(scenes).ravel(), minlength=8) / np.size(scenes)
    assert share.min() > 0.002
    assert share[ROAD] > 0.2


def test_road_is_below_and_sky_above():
    labels = render_street(seed=3, frame=0, **SIZE).labels
    rows = [np.nonzero(labels == label)[0].mean() for label in (SKY, ROAD)]
    assert rows[0] < 40
    assert rows[1] > 70


def test_label_borders_lie_where_the_image_changes():
    scene = render_street(seed=4, frame=20, height=240, width=320)
    grey = cv2.cvtColor(scene.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edge = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    labels = scene.labels.astype(np.int16)
    border = np.zeros(labels.shape, bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    assert edge[border].mean() > 2.5 * edge[~border].mean()


def test_driving_is_smooth():
    scenes = [render_street(seed=2, frame=frame, **SIZE).labels for frame in (100, 101, 140)]
    next_frame, later = ((scenes[0] != scene).mean() for scene in scenes[1:])
    assert 0 < next_frame < 0.06
    assert later > 2 * next_frame


@pytest.mark.parametrize('weather', ['fog', 'night', 'rain'])
def test_weather_changes_the_image_with_its_strength_and_never_the_labels(weather):
    clear = render_street(seed=2, frame=50, **SIZE)
    light, heavy = (render_street(seed=2, frame=50, **{weather: strength}, **SIZE) for strength in (0.2, 1.0))
    change = [np.abs(clear.image.astype(int) - scene.image).mean() for scene in (light, heavy)]
    assert 0.5 < change[0] < change[1]
    for scene in (light, heavy):
        np.testing.assert_array_equal(scene.labels, clear.labels)


def test_weather_of_strength_zero_is_the_identity():
    image = render_street(seed=2, frame=50, **SIZE).image
    depth, ground = np.ones((120, 160), np.float32), np.ones((120, 160), bool)
    assert add_fog(image, depth, 0.0) is image
    assert add_night(image, depth, image, 0.0) is image
    assert add_rain(image, ground, 0.0, 1, 2) is image


def test_fog_follows_its_extinction():
    image = np.zeros((4, 4, 3), np.uint8)
    fogged = add_fog(image, np.full((4, 4), 10.0, np.float32), 1.0)
    np.testing.assert_allclose(fogged[2, 2], np.array([203, 206, 209]) * (1 - np.exp(-0.75)), atol=1)


@pytest.mark.parametrize('seed', range(6))
def test_unknown_objects_are_flagged_and_have_no_label(seed):
    known = render_street(seed=seed, frame=60, **SIZE)
    scene = render_street(seed=seed, frame=60, unknown_objects=3, **SIZE)
    assert 0.0005 < scene.unknown.mean() < 0.4
    np.testing.assert_array_equal(scene.labels == IGNORE_INDEX, scene.unknown)
    np.testing.assert_array_equal(scene.labels[~scene.unknown], known.labels[~scene.unknown])


def test_the_drive_goes_from_clear_into_fog_and_night():
    drive = StreetDrive(height=60, width=80)
    assert len(drive) == 600
    assert [drive_weather(frame) for frame in (0, 250, 400, 599)] == [(0, 0), (1, 0), (0, 0), (0, 1)]
    assert drive_weather(180) == (0.5, 0.0)
    np.testing.assert_array_equal(next(iter(drive)).image, drive.scene(0).image)
    assert drive.scene(250).image.std() < drive.scene(0).image.std()
    assert drive.scene(599).image.mean() < 0.6 * drive.scene(0).image.mean()


def test_a_near_car_hides_what_is_behind_it():
    lead = [render_street(seed=seed, frame=0, **SIZE).labels for seed in range(20)]
    assert max((labels == CAR).mean() for labels in lead) > 0.05
