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

from training.data import unlabelled
from training.data.segdata import SegData
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


def _labelled() -> SegData:
    images = torch.zeros(2, 3, 16, 20, dtype=torch.uint8)
    return SegData(images=images, labels=images[:, 0], names=('a', 'b'), sequences=('s', 's'), classes=CLASSES)


@pytest.mark.parametrize('absolute', [True, False])
def test_every_second_frame_joins_the_labelled_ones_in_their_size(absolute: bool, folder: Path) -> None:
    labelled = _labelled()
    joined = join_unlabelled(labelled, (str(folder / 'drive') if absolute else 'drive',), 2)
    assert joined.images.shape == (5, 3, 16, 20) and joined.labels.shape == (5, 16, 20)
    assert len(joined) == len(joined.sequences) == len(set(joined.names)) == 5
    assert torch.equal(joined.images[:2], labelled.images) and torch.equal(joined.labels[:2], labelled.labels)
    assert [int(image[0, 0, 0]) for image in joined.images[2:]] == [0, 20, 40]
    assert not joined.images[2:, 1:].any()
    assert joined.labels[2:].unique().tolist() == [UNLABELLED]
    assert joined.sequences[:2] == ('s', 's')
    assert len(set(joined.sequences[2:])) == 1 and joined.sequences[2].startswith('unlabelled:')


def test_a_frame_is_resized_as_on_the_robot(folder: Path) -> None:
    torch.manual_seed(0)
    image = torch.randint(0, 256, (1, 3, 45, 75), dtype=torch.uint8)
    cv2.imwrite(str(folder / 'drive' / '9.png'), image[0].permute(1, 2, 0).flip(2).numpy())
    student = Student(StudentConfig(num_classes=2, encoder='mobilenet_v2', width=0.25, input_height=16, input_width=20))
    joined = join_unlabelled(_labelled(), ('drive',), 1)
    assert torch.equal(joined.images[-1:], student.normalise.resize(image))


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
    like = SegData(
        images=torch.zeros(1, 3, 36, 48, dtype=torch.uint8),
        labels=torch.zeros(1, 36, 48, dtype=torch.uint8),
        names=('a',),
        sequences=('s',),
        classes=CLASSES,
    )
    joined = join_unlabelled(like, (str(data_folder / 'video' / 'city.mp4'),), 100)
    assert joined.images.shape == (12, 3, 36, 48)
