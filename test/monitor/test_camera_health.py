# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real frames, sound and made faulty; none of them is among those on which the limits were measured."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from uncd_ros.images.codec import read_image
from uncd_ros.monitor.camera_health import FROZEN_AFTER, CameraHealth, detail

SIGMA = 1 / 120
"""Of the image's width: a lens that is clearly out of focus."""


@pytest.fixture(scope='module')
def frames(data_folder: Path) -> list[NDArray[np.uint8]]:
    paths = sorted((data_folder / 'camvid' / 'val').glob('*.jpg'))[::10]
    if not paths:
        pytest.skip(f'no CamVid frames in {data_folder}')
    return [read_image(path) for path in paths]


def kinds(frames: list[NDArray[np.uint8]]) -> set[str | None]:
    """The kinds of fault of each frame, each checked by itself."""
    faults = (CameraHealth().check(frame) for frame in frames)
    return {fault and fault.split(':')[0] for fault in faults}


def blurred(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.GaussianBlur(frame, (0, 0), SIGMA * frame.shape[1])


def noise(level: float, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.random.default_rng(1).normal(level, 2.0, frame.shape).clip(0, 255).astype(np.uint8)


def test_sound_frames_have_no_fault(frames: list[NDArray[np.uint8]]) -> None:
    assert kinds(frames) == {None}


def test_fog_and_night_are_no_camera_fault(frames: list[NDArray[np.uint8]]) -> None:
    assert kinds([(frame * 0.2 + 0.8 * 180).astype(np.uint8) for frame in frames]) == {None}
    assert kinds([(frame * 0.3).astype(np.uint8) for frame in frames]) == {None}


def test_black(frames: list[NDArray[np.uint8]]) -> None:
    assert kinds([noise(3.0, frame) for frame in frames[:3]]) == {'black'}
    assert kinds([np.zeros_like(frames[0])]) == {'black'}


def test_saturated(frames: list[NDArray[np.uint8]]) -> None:
    assert kinds([cv2.convertScaleAbs(frame, alpha=3.0, beta=200.0) for frame in frames]) == {'saturated'}


def test_blurred_at_any_resolution(frames: list[NDArray[np.uint8]]) -> None:
    assert kinds([blurred(frame) for frame in frames]) == {'blurred'}
    large = [cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for frame in frames[:4]]
    assert kinds(large) == {None}
    assert kinds([blurred(frame) for frame in large]) == {'blurred'}
    assert kinds([np.full_like(frames[0], 90)]) == {'blurred'}


def test_frozen_after_some_images_and_well_with_the_next(frames: list[NDArray[np.uint8]]) -> None:
    health = CameraHealth()
    faults = [health.check(frames[0].copy()) for _ in range(FROZEN_AFTER)]
    assert faults[:-1] == [None] * (FROZEN_AFTER - 1)
    assert faults[-1] == f'frozen: {FROZEN_AFTER} images are the same'
    assert health.check(frames[1]) is None
    assert health.check(frames[1]) is None


def test_wrong_size_is_another_shape_than_the_cameras(frames: list[NDArray[np.uint8]]) -> None:
    height, width = frames[0].shape[:2]
    assert CameraHealth().check(frames[0], (height, width)) is None
    assert CameraHealth().check(frames[0], (2 * height, 2 * width)) is None
    fault = CameraHealth().check(frames[0][:-40], (height, width))
    assert fault == f'wrong size: {width}x{height - 40}, camera_info says {width}x{height}'


def test_detail_of_known_images() -> None:
    ramp = np.broadcast_to(np.arange(240, dtype=np.uint8)[None, :, None], (10, 240, 3))
    assert detail(ramp) == pytest.approx(1 / 8)
    rng = np.random.default_rng(0)
    assert detail(rng.integers(0, 256, (200, 240, 3), np.uint8)) == pytest.approx(1.0, abs=0.05)
    assert np.isnan(detail(np.zeros((5, 5, 3), np.uint8)))


@pytest.mark.parametrize('size', [(1, 1), (1, 4000), (3, 7)])
def test_any_size_is_checked(size: tuple[int, int]) -> None:
    assert CameraHealth().check(np.full((*size, 3), 128, np.uint8)) in (
        None,
        'blurred: detail is 0.00, expected 0.18 or more',
    )


def test_it_looks_at_some_rows_only(frames: list[NDArray[np.uint8]]) -> None:
    large = cv2.resize(frames[0], (2048, 1024))
    rows = np.zeros_like(large)
    rows[::16] = large[::16]
    assert CameraHealth().check(rows) == CameraHealth().check(large) is None
