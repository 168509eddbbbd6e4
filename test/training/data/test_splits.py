# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets: what is read is what lies there, and what is broken is named."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from support.datasets import open_tiny
from training.data.class_counts import class_counts
from training.data.labelled_frames import LabelledFrames
from training.data.splits import check_calibration, load_splits
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


def _train(root: Path) -> LabelledFrames:
    return open_tiny('camvid', root).split('train')


def test_frames_sequences_and_void(root: Path) -> None:
    data = _train(root)
    assert data.sequences == ('s1', 's1', 's2', 's2') and data.names[3] == 's2_1'
    assert data[3].image.shape == (4, 6, 3)
    assert data[3].image[0, 0].tolist() == [3, 20, 10]
    assert [int(data.labels(index)[0, 0]) for index in range(4)] == [0, 1, 255, 0]


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
        list(_train(root))


def test_a_truncated_label(root: Path) -> None:
    path = root / 'trainannot' / 's1_1.png'
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ImageError, match=r'trainannot/s1_1\.png: \d+ bytes, damaged or cut short'):
        list(_train(root))


def test_a_missing_label(root: Path) -> None:
    (root / 'trainannot' / 's1_1.png').unlink()
    with pytest.raises(ImageError, match=r'trainannot/s1_1\.png: not found'):
        list(_train(root))


def test_an_unknown_label_id(root: Path) -> None:
    cv2.imwrite(str(root / 'trainannot' / 's1_1.png'), np.full((4, 6), 7, np.uint8))
    with pytest.raises(ImageError, match=r's1_1\.png: unknown label ids \[7\], expected 0 to 1 or 2'):
        list(_train(root))


def test_a_label_of_16_bit(root: Path) -> None:
    cv2.imwrite(str(root / 'trainannot' / 's1_1.png'), np.full((4, 6), 256, np.uint16))
    with pytest.raises(ImageError, match=r's1_1\.png: values are uint16, expected 8 bit'):
        list(_train(root))


def test_a_label_of_another_size(root: Path) -> None:
    cv2.imwrite(str(root / 'trainannot' / 's1_1.png'), np.zeros((4, 5), np.uint8))
    with pytest.raises(ImageError, match=r's1_1\.png: label has shape \(4, 5\), expected \(4, 6\)'):
        list(_train(root))


def test_a_folder_without_images(root: Path) -> None:
    with pytest.raises(ImageError, match='test: no images'):
        open_tiny('camvid', root).split('test')


def test_a_class_list_with_a_gap(root: Path) -> None:
    (root / 'classes.json').write_text(
        json.dumps({'ignore': 2, 'classes': [{'id': 0, 'name': 'a'}, {'id': 2, 'name': 'b'}]})
    )
    with pytest.raises(ImageError, match=r'classes\.json: the ids of the classes are \[0, 2\], expected 0, 1, 2'):
        _train(root)


def test_the_real_camvid(data_folder: Path) -> None:
    val = open_tiny('camvid', data_folder / 'camvid', 11).split('val')
    assert len(val) == 101 and set(val.sequences) == {'0016E5'}
    assert {frame.image.shape for frame in val} == {(360, 480, 3)}
    assert class_counts(val).all()


def test_streets_of_different_splits_share_no_seed() -> None:
    splits = load_splits(DataSettings(dataset='street', sequence_length=1), _student(8))
    seeds = [set(split.sequences) for split in (splits.train, splits.calibration, splits.val)]
    assert not seeds[0] & seeds[1] and not seeds[1] & seeds[2] and not seeds[0] & seeds[2]
    assert splits.train[0].image.shape == (48, 64, 3)


def test_a_data_set_that_nobody_knows() -> None:
    with pytest.raises(ConfigError, match=r"data\.dataset is 'kitti', expected one of .*camvid.*street"):
        load_splits(DataSettings(dataset='kitti'), _student(8))


def test_a_holdout_of_every_drive(root: Path) -> None:
    with pytest.raises(ConfigError, match=r'data\.holdout is .* which is every drive of train'):
        load_splits(DataSettings(dataset='camvid', root=str(root), holdout=('s?',)), _student(2))
