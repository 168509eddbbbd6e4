# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames without labels join those that have them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.data.segdata import SegData
from training.data.unlabelled import UNLABELLED, load_unlabelled
from uncd_ros.errors import SourceError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five images of another size, told apart by how red they are; the data folder is where they lie."""
    monkeypatch.setenv('UNCD_DATA', str(tmp_path))
    (tmp_path / 'drive').mkdir()
    for index in range(5):
        cv2.imwrite(str(tmp_path / 'drive' / f'{index}.png'), np.full((20, 40, 3), (0, 0, 10 * index), np.uint8))
    return tmp_path


def _labelled() -> SegData:
    images = torch.zeros(2, 3, 8, 10, dtype=torch.uint8)
    return SegData(images=images, labels=images[:, 0], names=('a', 'b'), sequences=('s', 's'), classes=('x',))


@pytest.mark.parametrize('absolute', [True, False])
def test_every_second_frame_in_the_size_of_the_others(absolute: bool, folder: Path) -> None:
    found = load_unlabelled((str(folder / 'drive') if absolute else 'drive',), 2, _labelled())
    assert found.images.shape == (3, 3, 8, 10) and found.labels.shape == (3, 8, 10)
    assert [int(image[0, 0, 0]) for image in found.images] == [0, 20, 40]
    assert not found.images[:, 1:].any()
    assert found.labels.unique().tolist() == [UNLABELLED]
    assert len(set(found.sequences)) == 1 and found.sequences[0].startswith('unlabelled:')


@pytest.mark.usefixtures('folder')
def test_they_join_the_labelled_frames() -> None:
    whole = _labelled().joined(load_unlabelled(('drive',), 1, _labelled()))
    assert len(whole) == len(whole.images) == len(whole.labels) == len(whole.sequences) == 7
    assert whole.sequences[:2] == ('s', 's')


@pytest.mark.usefixtures('folder')
def test_a_source_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match=r'nowhere\.mp4: not found'):
        load_unlabelled(('nowhere.mp4',), 1, _labelled())


def test_the_real_city(data_folder: Path) -> None:
    like = SegData(
        images=torch.zeros(1, 3, 36, 48, dtype=torch.uint8),
        labels=torch.zeros(1, 36, 48, dtype=torch.uint8),
        names=('a',),
        sequences=('s',),
        classes=(),
    )
    assert load_unlabelled((str(data_folder / 'video' / 'city.mp4'),), 100, like).images.shape == (11, 3, 36, 48)
