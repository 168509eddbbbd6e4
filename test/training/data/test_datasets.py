# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every data set in its official layout, a few pixels large."""

import gzip
import importlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from support.datasets import SIZE, open_tiny, write
from support.project import PROJECT
from training.data.labelled_frames import LabelledFrames
from training.data.splits import dataset_class, dataset_names
from training.data.vessels import computed_field_of_view
from uncd_ros.errors import ConfigError, ImageError

GREY = (90, 90, 90)


def _ids(frames: LabelledFrames, index: int = 0) -> list[int]:
    """Label ids of a frame, column by column of its first row."""
    frame = frames[index]
    assert frame.image.shape == (*frame.labels.shape, 3)
    return frame.labels[0].tolist()


def _columns(*values: int) -> np.ndarray:
    """Label ids from left to right."""
    return np.tile(np.asarray(values, np.uint8), (SIZE[0], 1))


def _colours(*values: tuple[int, int, int]) -> np.ndarray:
    return np.tile(np.asarray(values, np.uint8), (SIZE[0], 1, 1))


def test_cityscapes(tmp_path: Path) -> None:
    for split, city in (('train', 'aachen'), ('train', 'ulm'), ('val', 'lindau')):
        name = f'{city}_000000_000019'
        write(tmp_path / 'leftImg8bit' / split / city / f'{name}_leftImg8bit.png', GREY)
        write(tmp_path / 'gtFine' / split / city / f'{name}_gtFine_labelIds.png', _columns(7, 8, 33, 4, 255, 26))
        write(tmp_path / 'gtFine' / split / city / f'{name}_gtFine_instanceIds.png', 0)
    dataset = open_tiny('cityscapes', tmp_path, 19)
    train = dataset.split('train')
    assert train.sequences == ('aachen', 'ulm') and dataset.split('val').sequences == ('lindau',)
    assert _ids(train) == [0, 1, 18, 255, 255, 13]
    assert [train.classes[index].name for index in (0, 1, 13, 18)] == ['road', 'sidewalk', 'car', 'bicycle']


@pytest.mark.parametrize(
    ('name', 'folder', 'ending'),
    [
        ('foggy_cityscapes', 'leftImg8bit_foggy', 'foggy_beta_0.0{}'),
        ('foggy_cityscapes', 'leftImg8bit_foggyDBF', 'foggy_beta_0.0{}'),
        ('rain_cityscapes', 'leftImg8bit_rain', 'rain_alpha_0.01_beta_0.005_dropsize_0.01_pattern_{}'),
    ],
)
def test_weather_on_cityscapes(name: str, folder: str, ending: str, tmp_path: Path) -> None:
    for number in (1, 2):
        image = f'ulm_000001_000019_leftImg8bit_{ending.format(number)}.png'
        write(tmp_path / folder / 'val' / 'ulm' / image, GREY)
    write(tmp_path / 'gtFine' / 'val' / 'ulm' / 'ulm_000001_000019_gtFine_labelIds.png', _columns(7, 8, 8, 8, 8, 0))
    val = open_tiny(name, tmp_path, 19).split('val')
    assert len(set(val.names)) == 2 and val.sequences == ('ulm', 'ulm')
    assert _ids(val, 1) == [0, 1, 1, 1, 1, 255]


def test_a2d2(tmp_path: Path) -> None:
    names = {'#ff0000': 'Car 1', '#c80000': 'Car 2', '#ff00ff': 'RD normal street', '#48d1cc': 'Ego car'}
    (tmp_path / 'class_list.json').write_text(json.dumps(names))
    labels = _colours((255, 0, 0), (200, 0, 0), (255, 0, 255), (72, 209, 204))
    for drive in ('20180807_145028', '20180810_142822'):
        start = drive.replace('_', '')
        for kind, value in (('camera', np.full((SIZE[0], 4, 3), 90, np.uint8)), ('label', labels)):
            write(tmp_path / drive / kind / 'cam_front_center' / f'{start}_{kind}_frontcenter_000000091.png', value)
    dataset = open_tiny('a2d2', tmp_path, 19, val=('20180810*',))
    train = dataset.split('train')
    assert train.sequences == ('20180807_145028',) and dataset.split('val').sequences == ('20180810_142822',)
    assert _ids(train) == [13, 13, 0, 255]
    with pytest.raises(ConfigError, match=r"data\.val is \['x'\], expected some of the drives 20180807_145028, 2018"):
        open_tiny('a2d2', tmp_path, 19, val=('x',)).split('val')
    (tmp_path / 'class_list.json').write_text(json.dumps({'#ff0000': 'Car 1'}))
    with pytest.raises(ImageError, match=r'label_frontcenter_000000091\.png: colour \(.*\) is of no class'):
        _ids(open_tiny('a2d2', tmp_path, 19, val=('20180810*',)).split('train'))


def test_camvid_of_segnet_needs_no_class_list(tmp_path: Path) -> None:
    for split in ('train', 'val', 'test'):
        write(tmp_path / split / '0001TP_006690.png', GREY)
        write(tmp_path / f'{split}annot' / '0001TP_006690.png', _columns(0, 3, 8, 10, 11, 11))
    train = open_tiny('camvid', tmp_path, 11).split('train')
    assert (len(train.classes), train.sequences) == (11, ('0001TP',))
    assert _ids(train) == [0, 3, 8, 10, 255, 255]


def test_camvid_as_it_was_published(tmp_path: Path) -> None:
    lane, truck, void = (128, 0, 192), (192, 128, 192), (0, 0, 0)
    for name in ('0001TP_006690', '0006R0_f00930'):
        write(tmp_path / '701_StillsRaw_full' / f'{name}.png', np.full((SIZE[0], 3, 3), 90, np.uint8))
        write(tmp_path / 'LabeledApproved_full' / f'{name}_L.png', _colours(lane, truck, void))
    dataset = open_tiny('camvid', tmp_path, 11, val=('0006R0',))
    train = dataset.split('train')
    assert train.sequences == ('0001TP',) and _ids(train) == [3, 8, 255]
    (tmp_path / 'val.txt').write_text('0001TP_006690.png\n')
    assert dataset.split('val').sequences == ('0001TP',)
    (tmp_path / 'val.txt').write_text('nowhere\n')
    with pytest.raises(ConfigError, match=r"val\.txt: lists 'nowhere', expected names of frames such as '0001TP"):
        dataset.split('val')


def test_all_32_colours_of_camvid_have_a_place() -> None:
    camvid = importlib.import_module('training.data.datasets.camvid')
    colours = [colour for each in camvid.CLASSES.values() for colour in each]
    assert len(colours) == len(set(colours)) == 31  # and void


def test_idd(tmp_path: Path) -> None:
    write(tmp_path / 'leftImg8bit' / 'train' / '12' / '024541_leftImg8bit.png', GREY)
    write(tmp_path / 'gtFine' / 'train' / '12' / '024541_gtFine_labellevel3Ids.png', _columns(0, 25, 24, 255, 9, 8))
    train = open_tiny('idd', tmp_path, 26).split('train')
    assert (len(train.classes), train.sequences, _ids(train)) == (26, ('12',), [0, 25, 24, 255, 9, 8])


def test_idd_lite(tmp_path: Path) -> None:
    write(tmp_path / 'leftImg8bit' / 'val' / '119' / '903127_image.jpg', GREY)
    write(tmp_path / 'gtFine' / 'val' / '119' / '903127_label.png', _columns(0, 6, 255, 1, 2, 3))
    val = open_tiny('idd_lite', tmp_path, 7).split('val')
    assert (len(val.classes), val.sequences, _ids(val)) == (7, ('119',), [0, 6, 255, 1, 2, 3])


def test_bdd100k(tmp_path: Path) -> None:
    write(tmp_path / 'images' / '10k' / 'train' / '0004a4c0-d4dff0ad.jpg', GREY)
    write(tmp_path / 'labels' / 'sem_seg' / 'masks' / 'train' / '0004a4c0-d4dff0ad.png', _columns(0, 18, 255, 1, 2, 3))
    train = open_tiny('bdd100k', tmp_path, 19).split('train')
    assert (train.sequences, _ids(train)) == (('0004a4c0-d4dff0ad',), [0, 18, 255, 1, 2, 3])


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def test_drive(tmp_path: Path) -> None:
    for folder, name in (('training', '21_training'), ('test', '01_test')):
        _save(tmp_path / folder / 'images' / f'{name}.tif', np.full((*SIZE, 3), 90, np.uint8))
        _save(tmp_path / folder / '1st_manual' / f'{name[:2]}_manual1.gif', _columns(0, 255, 0, 255, 0, 255))
        _save(tmp_path / folder / 'mask' / f'{name}_mask.gif', _columns(0, 0, 255, 255, 255, 255))
    dataset = open_tiny('drive', tmp_path)
    train = dataset.split('train')
    assert (train.sequences, _ids(train)) == (('21',), [255, 255, 0, 1, 0, 1])
    assert dataset.split('val').sequences == dataset.split('test').sequences == ('01',)
    (tmp_path / 'training' / 'mask' / '21_training_mask.gif').unlink()
    with pytest.raises(ImageError, match=r'21_training_mask\.gif: not found'):
        _ids(train)


def _fundus() -> tuple[np.ndarray, np.ndarray]:
    """A bright disk on black with a dark vessel across it, and the vessel's mask."""
    image, vessel = np.zeros((60, 80, 3), np.uint8), np.zeros((60, 80), np.uint8)
    cv2.circle(image, (40, 30), 25, (180, 90, 30), -1)
    cv2.line(vessel, (10, 30), (70, 30), 255, 2)
    image[vessel > 0] = image[vessel > 0] // 3
    return image, vessel


def _assert_fundus(frames: LabelledFrames) -> None:
    labels = frames[0].labels
    assert labels[30, 40] == 1 and labels[20, 40] == 0 and labels[2, 2] == 255 and labels[30, 5] == 255
    assert [info.name for info in frames.classes] == ['background', 'vessel']


def test_chase_db1(tmp_path: Path) -> None:
    image, vessel = _fundus()
    for name in ('Image_01L', 'Image_01R', 'Image_11L'):
        _save(tmp_path / f'{name}.jpg', image)
        _save(tmp_path / f'{name}_1stHO.png', vessel)
        _save(tmp_path / f'{name}_2ndHO.png', vessel)
    dataset = open_tiny('chase_db1', tmp_path, val=('11',))
    assert dataset.split('train').sequences == ('01', '01') and dataset.split('val').names == ('Image_11L',)
    _assert_fundus(dataset.split('train'))


@pytest.mark.parametrize('packed', [True, False])
def test_stare(packed: bool, tmp_path: Path) -> None:
    for name in ('im0001', 'im0002'):
        for ending, pixels in zip(('ppm', 'ah.ppm'), _fundus(), strict=True):
            path = tmp_path / ('images' if ending == 'ppm' else 'labels') / f'{name}.{ending}'
            _save(path, pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2))
            if packed:
                path.with_name(f'{path.name}.gz').write_bytes(gzip.compress(path.read_bytes()))
                path.unlink()
    dataset = open_tiny('stare', tmp_path, val=('im0002',))
    assert dataset.split('train').sequences == ('im0001',) and dataset.split('val').names == ('im0002',)
    _assert_fundus(dataset.split('train'))


def test_fives(tmp_path: Path) -> None:
    image, vessel = _fundus()
    for split in ('train', 'test'):
        _save(tmp_path / split / 'Original' / '1_A.png', image)
        _save(tmp_path / split / 'Ground truth' / '1_A.png', vessel)
    dataset = open_tiny('fives', tmp_path)
    assert dataset.split('val').sequences == ('1_A',)
    _assert_fundus(dataset.split('train'))


def test_the_computed_field_of_view_is_the_one_that_drive_states(data_folder: Path) -> None:
    frames = open_tiny('drive', data_folder / 'drive').split('train')
    for frame in list(frames)[::5]:
        stated, computed = frame.labels != 255, computed_field_of_view(frame.image)
        assert (stated & computed).sum() / (stated | computed).sum() > 0.96


def test_every_data_set_is_a_file_with_one_class_and_a_licence_and_is_tested_here() -> None:
    tests = Path(__file__).read_text() + (PROJECT / 'test/training/data/test_folder.py').read_text()
    assert len(dataset_names()) == 14
    for name in dataset_names():
        assert dataset_class(name).licence and dataset_class(name).__doc__
        assert name == 'street' or f"'{name}'" in tests
