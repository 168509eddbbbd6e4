# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames without labels join those that have them."""

import weakref
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from support.tiny_frames import in_memory
from training.data import unlabelled
from training.data.labelled_frames import LabelledFrames
from training.data.unlabelled import UNLABELLED, join_unlabelled
from uncd_ros.classes import ClassInfo
from uncd_ros.errors import SourceError
from uncd_ros.network.student import Student, StudentConfig

CLASSES = (ClassInfo(name='a', color=(0, 0, 0)), ClassInfo(name='b', color=(0, 0, 9)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five images of another size, told apart by how red they are; the data folder is where they lie."""
    monkeypatch.setenv('UNCD_DATA', str(tmp_path))
    (tmp_path / 'drive').mkdir()
    for index in range(5):
        cv2.imwrite(str(tmp_path / 'drive' / f'{index}.png'), np.full((20, 40, 3), (0, 0, 10 * index), np.uint8))
    return tmp_path


def _labelled() -> LabelledFrames:
    images = torch.zeros(2, 3, 16, 20, dtype=torch.uint8)
    return in_memory(images, images[:, 0], ('s', 's'), CLASSES)


@pytest.mark.parametrize('absolute', [True, False])
def test_every_second_frame_joins_the_labelled_ones_in_their_size(absolute: bool, folder: Path) -> None:
    labelled = _labelled()
    joined = join_unlabelled(labelled, (str(folder / 'drive') if absolute else 'drive',), 2)
    frames = list(joined)
    assert {frame.image.shape for frame in frames} == {(16, 20, 3)} and joined.labels(4).shape == (16, 20)
    assert len(joined) == len(joined.sequences) == len(set(joined.names)) == 5
    assert frames[:2] == list(labelled)
    assert [int(frame.image[0, 0, 0]) for frame in frames[2:]] == [0, 20, 40]
    assert not any(frame.image[..., 1:].any() for frame in frames[2:])
    assert {*np.unique([frame.labels for frame in frames[2:]])} == {UNLABELLED}
    assert joined.sequences[:2] == ('s', 's')
    assert len(set(joined.sequences[2:])) == 1 and joined.sequences[2].startswith('unlabelled:')


def test_a_frame_is_resized_as_on_the_robot(folder: Path) -> None:
    torch.manual_seed(0)
    image = torch.randint(0, 256, (1, 3, 45, 75), dtype=torch.uint8)
    cv2.imwrite(str(folder / 'drive' / '9.png'), image[0].permute(1, 2, 0).flip(2).numpy())
    student = Student(StudentConfig(num_classes=2, encoder='mobilenet_v2', width=0.25, input_height=16, input_width=20))
    joined = join_unlabelled(_labelled(), ('drive',), 1)
    expected = student.normalise.resize(image)[0].permute(1, 2, 0)
    np.testing.assert_array_equal(joined[len(joined) - 1].image, expected.numpy())


class _Frame(np.ndarray):
    __hash__ = object.__hash__


class _Camera:
    """Counts the frames that are alive at once: a source that is held whole has all of them."""

    name, fps, frame_count = 'camera', 1.0, 50

    def __init__(self) -> None:
        self.alive, self.most = weakref.WeakSet(), 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for _ in range(self.frame_count):
            frame = np.zeros((20, 40, 3), np.uint8).view(_Frame)
            self.alive.add(frame)
            self.most = max(self.most, len(self.alive))
            yield frame


def test_frames_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = _Camera()
    monkeypatch.setattr(unlabelled, 'open_unlabelled', lambda _: [camera])
    assert len(join_unlabelled(_labelled(), ('camera',), 1)) == 52
    assert camera.most <= 3


@pytest.mark.usefixtures('folder')
def test_a_source_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match=r'nowhere\.mp4: not found'):
        join_unlabelled(_labelled(), ('nowhere.mp4',), 1)


def test_the_real_city(data_folder: Path) -> None:
    blank = torch.zeros(1, 3, 36, 48, dtype=torch.uint8)
    like = in_memory(blank, blank[:, 0], ('s',), CLASSES)
    joined = join_unlabelled(like, (str(data_folder / 'video' / 'city.mp4'),), 100)
    assert len(joined) == 12 and joined[11].image.shape == (36, 48, 3)
