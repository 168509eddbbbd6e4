# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Objects cut out of one set and pasted onto the road of another."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.comparison.anomaly_data import anomaly_frames
from training.data.pasted_objects import CutOut, paste
from training.paste_objects import parse_args, paste_objects
from uncd_ros.errors import UncdError
from uncd_ros.evaluation.results import LabelledFrame

ROAD = 1
RED = CutOut(image=np.full((40, 20, 3), (255, 0, 0), np.uint8), mask=np.ones((40, 20), np.uint8))


def _street() -> LabelledFrame:
    labels = np.zeros((120, 160), np.uint8)
    labels[60:, 40:120] = ROAD
    labels[:10] = 255
    return LabelledFrame(image=np.full((120, 160, 3), 90, np.uint8), labels=labels, name='a', sequence='a')


def test_it_stands_on_the_road_and_is_labelled_where_it_is_seen() -> None:
    for seed in range(20):
        pasted = paste(_street(), RED, [ROAD], np.random.default_rng(seed))
        rows, columns = np.nonzero(pasted.labels == 1)
        assert 60 <= rows.max() < 120 and 30 <= columns.min() and columns.max() <= 130
        assert (pasted.labels[:10] == 255).all() and set(np.unique(pasted.labels)) == {0, 1, 255}
        changed = (pasted.image != 90).any(axis=2)
        assert not (changed & (pasted.labels != 1)).any()
        inner = cv2.erode((pasted.labels == 1).astype(np.uint8), np.ones((7, 7)), borderValue=0).astype(bool)
        if inner.any():
            assert pasted.image[inner].mean(axis=0) == pytest.approx([255, 0, 0], abs=8)


def test_the_farther_the_smaller() -> None:
    sizes = []
    for seed in range(60):
        rows, _ = np.nonzero(paste(_street(), RED, [ROAD], np.random.default_rng(seed)).labels == 1)
        sizes.append((int(rows.max()), int(np.ptp(rows)) + 1))
    far, near = ([size for foot, size in sizes if (foot < 90) is nearness] for nearness in (True, False))
    assert np.mean(far) < np.mean(near) and max(size for _, size in sizes) <= 0.4 * 120 + 1


def test_a_frame_without_road_stays_as_it_is() -> None:
    frame = _street()
    pasted = paste(frame, RED, [7], np.random.default_rng(0))
    assert (pasted.image == frame.image).all() and not (pasted.labels == 1).any()


def test_the_command_writes_a_set_that_can_be_read(tiny_data: Path, tmp_path: Path) -> None:
    objects = tmp_path / 'objects'
    for kind in ('images', 'labels_masks'):
        (objects / kind).mkdir(parents=True)
    mask = np.zeros((80, 80), np.uint8)
    mask[20:60, 20:60] = 1
    cv2.imwrite(str(objects / 'images' / 'a.png'), np.full((80, 80, 3), 200, np.uint8))
    cv2.imwrite(str(objects / 'labels_masks' / 'a.png'), mask)
    road = json.loads((tiny_data / 'camvid' / 'classes.json').read_text())['classes'][2]['name']
    options = ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--drivable', road, '--split', 'train/s2']
    paste_objects(parse_args([str(objects), *options, '--frames', '::2', '--out', str(tmp_path / 'out')]))
    frames = anomaly_frames(tmp_path / 'out')
    assert len(frames) == 2 and all((frame.labels == 1).any() for frame in frames)
    for mistake, named in (
        (['--frames', 'all'], "--frames is 'all', expected FIRST:LAST:STEP"),
        (['--frames', '9:'], 'no frame, expected some of s1, s2'),
        (['--drivable', 'water'], '--drivable water: no class of the data'),
    ):
        with pytest.raises(UncdError) as refused:
            paste_objects(parse_args([str(objects), *options, *mistake, '--out', str(tmp_path / 'other')]))
        assert named in str(refused.value)
    assert not (tmp_path / 'other').exists()
