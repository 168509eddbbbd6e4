# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folders of images with unknown objects."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.comparison.anomaly_data import anomaly_frames
from uncd_ros.errors import UncdError


def _write(folder: Path, name: str, mask: np.ndarray) -> None:
    for kind in ('images', 'labels_masks'):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / 'images' / name), np.full((*mask.shape, 3), 90, np.uint8))
    cv2.imwrite(str(folder / 'labels_masks' / f'{Path(name).stem}.png'), mask)


def test_masks_are_read_by_what_they_say_whatever_kind_the_image_is(tmp_path: Path) -> None:
    mask = np.array([[0, 1, 2], [7, 254, 255]], np.uint8).repeat(8, 0).repeat(8, 1)
    for name in ('a.jpg', 'b.png', 'c.webp'):
        _write(tmp_path, name, mask)
    frames = anomaly_frames(tmp_path)
    assert frames.names == ('a', 'b', 'c') and [info.name for info in frames.classes] == ['normal', 'anomalous']
    for frame in frames:
        assert frame.image.shape == (16, 24, 3)
        np.testing.assert_array_equal(frame.labels[::8, ::8], [[0, 1, 1], [1, 1, 255]])


def test_an_image_without_a_mask_is_named(tmp_path: Path) -> None:
    _write(tmp_path, 'a.jpg', np.zeros((8, 8), np.uint8))
    (tmp_path / 'labels_masks' / 'a.png').unlink()
    with pytest.raises(UncdError, match=r'a\.png: not found, expected a mask for each image'):
        anomaly_frames(tmp_path)
    with pytest.raises(UncdError, match='nowhere/images: no images'):
        anomaly_frames(tmp_path / 'nowhere')
