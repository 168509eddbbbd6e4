# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled frames one at a time, and what merges the model's classes into others."""

import json
from pathlib import Path

import numpy as np
import pytest

from support.datasets import open_tiny
from training.comparison.evaluation_data import shift_frames
from training.data.class_list import ClassList
from training.data.datasets.street import StreetFrames
from training.data.labelled_frames import Joined, Subset
from uncd_ros.errors import ImageError


def _classes(folder: Path, entries: list[dict[str, object]]) -> ClassList:
    (folder / 'classes.json').write_text(json.dumps({'ignore': 255, 'classes': entries}))
    return ClassList.read(folder / 'classes.json')


def test_frames_are_read_when_they_are_asked_for(tiny_data: Path) -> None:
    frames = open_tiny('camvid', tiny_data / 'camvid').split('train')
    assert frames.sequences == ('s1', 's1', 's2', 's2', 's2')
    frame = frames[2]
    assert (frame.name, frame.sequence) == ('s2_00', 's2')
    assert frame.image.shape == (*frame.labels.shape, 3) and frame.image.flags['C_CONTIGUOUS']
    assert set(np.unique(frame.labels)) <= {*range(5), 255} and (frame.labels[:8] == 255).all()


def test_a_subset_keeps_its_order() -> None:
    streets = StreetFrames.of((1, 2), 3, (24, 32))
    assert len(streets) == 6 and streets.sequences == ('street1',) * 3 + ('street2',) * 3
    chosen = Subset.of(streets, [4, 1])
    assert (len(chosen), chosen.sequences) == (2, ('street2', 'street1'))
    np.testing.assert_array_equal(chosen[0].image, streets[4].image)
    np.testing.assert_array_equal(chosen.labels(1), streets[1].labels)


def test_sets_are_joined_and_chosen_by_drive() -> None:
    first, second = StreetFrames.of((1, 2), 2, (24, 32)), StreetFrames.of((3,), 2, (24, 32))
    joined = Joined.of(first, second)
    assert joined.sequences == ('street1',) * 2 + ('street2',) * 2 + ('street3',) * 2
    assert [frame.name for frame in joined.excluding(('street1', 'street3'))] == ['street2_0000', 'street2_0001']
    np.testing.assert_array_equal(joined.labels(5), second.labels(1))


def test_a_fingerprint_is_of_names_and_pixels() -> None:
    streets = StreetFrames.of((1,), 2, (24, 32))
    prints = {each.fingerprint() for each in (streets, Subset.of(streets, [0]), Subset.of(streets, [1, 0]))}
    assert len(prints) == 3 and streets.fingerprint() == StreetFrames.of((1,), 2, (24, 32)).fingerprint()


def test_classes_merge_by_name(tiny_data: Path) -> None:
    classes = ClassList.read(tiny_data / 'shift' / 'classes.json')
    assert classes.merge([f'class {index}' for index in (4, 0, 1)]).tolist() == [1, 0, 0]
    assert len(shift_frames(tiny_data / 'shift', classes)) == 2


def test_a_class_that_nobody_or_two_take_in(tmp_path: Path) -> None:
    entries = [{'id': 0, 'name': 'a', 'from_camvid': ['x', 'y']}, {'id': 1, 'name': 'b', 'from_camvid': ['y']}]
    classes = _classes(tmp_path, entries)
    with pytest.raises(ImageError, match="0 classes take in the model's class 'z'"):
        classes.merge(['x', 'z'])
    with pytest.raises(ImageError, match="2 classes take in the model's class 'y'"):
        classes.merge(['x', 'y'])


def test_the_merge_of_the_real_shift_is_complete(data_folder: Path) -> None:
    classes = ClassList.read(data_folder / 'idd_lite_dev' / 'classes.json')
    camvid = ClassList.read(data_folder / 'camvid' / 'classes.json')
    targets = classes.merge(info.name for info in camvid.infos)
    assert sorted(set(targets.tolist())) == list(range(7))
    frames = shift_frames(data_folder / 'idd_lite_dev', classes)
    assert len(frames) == 200 and frames[0].image.shape == (227, 320, 3)
