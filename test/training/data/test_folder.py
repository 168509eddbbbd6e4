# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data of one's own: every way to say what is a drive and what is a split, and every kind of label file."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.datasets import open_tiny, write
from training.data.splits import load_splits
from training.run.settings import DataSettings
from uncd_ros.errors import ConfigError, ImageError, UncdError
from uncd_ros.network.student import StudentConfig


def _make(base: Path, *frames: str) -> None:
    for frame in frames:
        write(base / 'images' / f'{frame}.jpg', (90, 80, 70))
        write(base / 'labels' / f'{frame}.png', 1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three drives of two frames each, in sub-folders."""
    _classes(tmp_path, 'field', 'crop')
    _make(tmp_path, *(f'{drive}/{frame}' for drive in ('may', 'june', 'july') for frame in ('a', 'b')))
    return tmp_path


def _classes(root: Path, *names: str) -> None:
    entries = [{'id': index, 'name': name, 'color': [0, 9 * index, 0]} for index, name in enumerate(names)]
    (root / 'classes.json').write_text(json.dumps({'ignore': 255, 'classes': entries}))


def test_drives_are_sub_folders_and_split(root: Path) -> None:
    settings = DataSettings(dataset='folder', root=str(root), val=('july',), holdout=('june',))
    splits = load_splits(settings, StudentConfig(num_classes=2))
    drives = [set(each.sequences) for each in (splits.train, splits.calibration, splits.val)]
    assert drives == [{'may'}, {'june'}, {'july'}]
    assert splits.train[0].labels[0, 0] == 1


def test_drives_are_found_in_names(tmp_path: Path) -> None:
    _classes(tmp_path, 'field', 'crop')
    _make(tmp_path, 'may_1', 'may_2', 'june_1')
    dataset = open_tiny('folder', tmp_path, val=('june',), sequence_pattern='^([a-z]+)_')
    assert dataset.split('train').sequences == ('may', 'may')
    with pytest.raises(ConfigError, match=r"june_1\.jpg: data\.sequence_pattern '\^\(x\)' finds no name of a drive"):
        open_tiny('folder', tmp_path, sequence_pattern='^(x)').split('train')


@pytest.mark.parametrize('pattern', ['(', 'x', '(a)(b)'])
def test_a_pattern_without_one_group_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match=r'data\.sequence_pattern is'):
        DataSettings(dataset='folder', sequence_pattern=pattern)


def test_splits_are_folders(root: Path) -> None:
    for split in ('train', 'val', 'calibration'):
        _make(root / split, f'{split}1/x', f'{split}2/y')
    splits = load_splits(DataSettings(dataset='folder', root=str(root)), StudentConfig(num_classes=2))
    assert splits.train.sequences == ('train1', 'train2') and splits.calibration.names == (
        'calibration1/x',
        'calibration2/y',
    )


def test_splits_are_lists(root: Path) -> None:
    (root / 'train.txt').write_text('may/a.jpg\nmay/b\n\n')
    (root / 'val.txt').write_text('june/b\n')
    dataset = open_tiny('folder', root)
    assert dataset.split('train').sequences == ('may', 'may')
    assert (dataset.split('val').sequences, dataset.split('val').names) == (('june',), ('june/b',))
    with pytest.raises(ConfigError, match=r'data\.val is \[\], expected some of the drives'):
        dataset.split('test')


def test_a_single_drive_cannot_be_held_out(tmp_path: Path) -> None:
    _classes(tmp_path, 'field', 'crop')
    for split in ('train', 'val'):
        _make(tmp_path / split, 'x', 'y')
    settings = DataSettings(dataset='folder', root=str(tmp_path), holdout=('images',))
    with pytest.raises(ConfigError, match=r'which is every drive of train'):
        load_splits(settings, StudentConfig(num_classes=2))


def test_one_class_is_explained(root: Path) -> None:
    _classes(root, 'crop')
    settings = DataSettings(dataset='folder', root=str(root), val=('july',), holdout=('june',))
    with pytest.raises(ConfigError, match="the data have one class, 'crop', expected two or more"):
        load_splits(settings, StudentConfig(num_classes=2))


def test_the_indices_of_a_palette_are_the_ids(root: Path) -> None:
    image = Image.fromarray(np.asarray([[0, 1, 255]] * 4, np.uint8))
    image = image.resize((6, 4), Image.Resampling.NEAREST)
    image.putpalette([200, 0, 0, 0, 200, 0, *([7] * 762)])
    image.save(root / 'labels' / 'may' / 'a.png')
    labels = open_tiny('folder', root, val=('july',)).split('train').select(lambda drive: drive == 'may')[0].labels
    assert labels[0].tolist() == [0, 0, 1, 1, 255, 255]


@pytest.mark.parametrize(
    ('label', 'message'),
    [
        (np.full((4, 6), 300, np.uint16), 'values are uint16, expected 8 bit'),
        (np.full((4, 6, 3), (1, 2, 3), np.uint8), 'a colour image of shape .*, expected one id per pixel'),
        (np.full((4, 6), 2, np.uint8), r'unknown label ids \[2\], expected 0 to 1 or 255'),
        (np.full((4, 5), 1, np.uint8), r'label has shape \(4, 5\), expected \(4, 6\) as its image'),
        (None, 'not found, expected an image file'),
        (b'', '0 bytes, damaged or cut short'),
    ],
)
def test_a_label_that_cannot_be_one_is_named(label: np.ndarray | bytes | None, message: str, root: Path) -> None:
    path = root / 'labels' / 'june' / 'a.png'
    if isinstance(label, np.ndarray):
        write(path, label)
    elif label is None:
        path.unlink()
    else:
        path.write_bytes(label)
    with pytest.raises(UncdError, match=rf'june/a\.png: {message}') as refused:
        list(open_tiny('folder', root, val=('july',)).split('train'))
    assert isinstance(refused.value, ImageError) and '\n' not in str(refused.value)
