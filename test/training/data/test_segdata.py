# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets: what is read is what lies there, and what is broken is named."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.segdata import check_calibration, load_camvid, load_splits
from training.run.settings import DataSettings
from uncd_ros.errors import ConfigError, ImageError
from uncd_ros.network.student import StudentConfig

CLASSES = {
    'ignore': 2,
    'classes': [{'id': 0, 'name': 'a', 'color': [1, 2, 3]}, {'id': 1, 'name': 'b', 'color': [0] * 3}],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A CamVid of two sequences, two frames each, and one validation frame."""
    (tmp_path / 'classes.json').write_text(json.dumps(CLASSES))
    for split, names in {'train': ['s1_0', 's1_1', 's2_0', 's2_1'], 'val': ['s1_9']}.items():
        for folder in (split, f'{split}annot'):
            (tmp_path / folder).mkdir()
        for value, name in enumerate(names):
            cv2.imwrite(str(tmp_path / split / f'{name}.png'), np.full((4, 6, 3), (10, 20, value), np.uint8))
            cv2.imwrite(str(tmp_path / f'{split}annot' / f'{name}.png'), np.full((4, 6), value % 3, np.uint8))
    return tmp_path


def _student(num_classes: int) -> StudentConfig:
    return StudentConfig(num_classes=num_classes, input_height=48, input_width=64)


def test_frames_sequences_and_void(root: Path) -> None:
    data = load_camvid(root, 'train')
    assert data.sequences == ('s1', 's1', 's2', 's2')
    assert data.images.shape == (4, 3, 4, 6)
    assert data.images[3, :, 0, 0].tolist() == [3, 20, 10]
    assert [int(labels[0, 0]) for labels in data.labels] == [0, 1, 255, 0]


def test_held_out_sequences_are_kept_from_training(root: Path) -> None:
    splits = load_splits(DataSettings(dataset='camvid', root=str(root), holdout=('s2',)), _student(2))
    assert set(splits.train.sequences) == {'s1'}
    assert set(splits.calibration.sequences) == {'s2'}
    assert len(splits.val) == 1


def test_without_a_holdout_all_sequences_train_and_no_student_can_be_calibrated(root: Path) -> None:
    splits = load_splits(DataSettings(dataset='camvid', root=str(root)), _student(2))
    assert set(splits.train.sequences) == {'s1', 's2'} and len(splits.calibration) == 0
    with pytest.raises(ConfigError, match=r"data.holdout is \[\], expected some of \['s1', 's2'\]"):
        check_calibration(splits)


@pytest.mark.parametrize('holdout', [('s3',), ('s1', 's2')])
def test_a_holdout_that_cannot_be_names_the_sequences_that_are_there(root: Path, holdout: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"data.holdout is .*, expected some of \['s1', 's2'\]"):
        load_splits(DataSettings(dataset='camvid', root=str(root), holdout=holdout), _student(2))


def test_a_student_with_another_number_of_classes(root: Path) -> None:
    with pytest.raises(ConfigError, match=r'student.num_classes is 5, expected 2 as in the data'):
        load_splits(DataSettings(dataset='camvid', root=str(root), holdout=('s2',)), _student(5))


def test_a_truncated_image(root: Path) -> None:
    path = root / 'train' / 's1_1.png'
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ImageError, match=r's1_1\.png: 40 bytes, damaged or cut short'):
        load_camvid(root, 'train')


def test_a_truncated_label(root: Path) -> None:
    path = root / 'trainannot' / 's1_1.png'
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ImageError, match=r'trainannot/s1_1\.png: \d+ bytes, damaged or cut short'):
        load_camvid(root, 'train')


def test_a_missing_label(root: Path) -> None:
    (root / 'trainannot' / 's1_1.png').unlink()
    with pytest.raises(ImageError, match=r'trainannot/s1_1\.png: not found'):
        load_camvid(root, 'train')


def test_an_unknown_label_id(root: Path) -> None:
    cv2.imwrite(str(root / 'trainannot' / 's1_1.png'), np.full((4, 6), 7, np.uint8))
    with pytest.raises(ImageError, match=r's1_1\.png: unknown label ids \[7\], expected 0 to 1 or 2'):
        load_camvid(root, 'train')


def test_a_label_of_16_bit(root: Path) -> None:
    cv2.imwrite(str(root / 'trainannot' / 's1_1.png'), np.full((4, 6), 256, np.uint16))
    with pytest.raises(ImageError, match=r's1_1\.png: values are uint16, expected 8 bit'):
        load_camvid(root, 'train')


def test_a_label_of_another_size(root: Path) -> None:
    cv2.imwrite(str(root / 'trainannot' / 's1_1.png'), np.zeros((4, 5), np.uint8))
    with pytest.raises(ImageError, match=r's1_1\.png: label has shape \(4, 5\), expected \(4, 6\)'):
        load_camvid(root, 'train')


def test_a_folder_without_images(root: Path) -> None:
    with pytest.raises(ImageError, match='test: no images'):
        load_camvid(root, 'test')


def test_a_missing_class_list(root: Path) -> None:
    (root / 'classes.json').unlink()
    with pytest.raises(ImageError, match=r'classes\.json: cannot be read'):
        load_camvid(root, 'train')


def test_the_real_camvid(data_folder: Path) -> None:
    val = load_camvid(data_folder / 'camvid', 'val')
    assert val.images.shape == (101, 3, 360, 480)
    assert set(val.sequences) == {'0016E5'}
    assert set(val.labels.unique().tolist()) == {*range(11), 255}


def test_streets_of_different_splits_share_no_seed() -> None:
    splits = load_splits(DataSettings(dataset='street', sequence_length=1), _student(8))
    seeds = [set(split.sequences) for split in (splits.train, splits.calibration, splits.val)]
    assert not seeds[0] & seeds[1] and not seeds[1] & seeds[2] and not seeds[0] & seeds[2]
    assert splits.train.images.shape[1:] == (3, 48, 64)
