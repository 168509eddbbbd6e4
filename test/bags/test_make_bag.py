# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A video, a folder or the street becomes a bag: every pixel and every label as it was."""

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from uncd_ros.bags.reader import Bag, decode
from uncd_ros.images.encodings import as_array
from uncd_ros.make_bag import IMAGE_TOPIC, LABEL_TOPIC, START, main
from uncd_ros.street.drive import StreetDrive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve images, all but one with labels."""
    rng = np.random.default_rng(0)
    for name in ('images', 'labels'):
        (tmp_path / name).mkdir()
    for i in range(12):
        cv2.imwrite(str(tmp_path / f'images/a_{i}.png'), rng.integers(0, 255, (20, 30, 3), np.uint8))
        if i != 3:
            cv2.imwrite(str(tmp_path / f'labels/a_{i}.png'), rng.integers(0, 12, (20, 30), np.uint8))
    return tmp_path


def pictures(path: Path, topic: str) -> list[tuple[int, np.ndarray]]:
    """Nanoseconds since the first stamp, and the RGB image."""
    with Bag(path) as bag:
        found = []
        for message in bag.messages([topic]):
            image = decode(message)
            stamp = image.header.stamp.sec * 10**9 + image.header.stamp.nanosec
            assert stamp == message.received and image.header.frame_id == 'camera_optical_frame'
            found.append((stamp - START, as_array(image)))
        return found


@pytest.mark.parametrize('options', [(), ('--storage', 'sqlite3'), ('--compressed',)])
def test_a_folder_with_labels_loses_nothing(folder: Path, options: tuple[str, ...]) -> None:
    bag = folder / 'bag'
    assert main([f'{folder}/images', '--labels', f'{folder}/labels', '--out', str(bag), *options]) == 0
    images = pictures(bag, f'{IMAGE_TOPIC}/compressed' if options == ('--compressed',) else IMAGE_TOPIC)
    labels = dict(pictures(bag, LABEL_TOPIC))
    assert [stamp for stamp, _ in images] == [i * 10**8 for i in range(12)]
    assert sorted(labels) == [i * 10**8 for i in range(12) if i != 3]
    for i, (stamp, image) in enumerate(images):
        np.testing.assert_array_equal(image[..., ::-1], cv2.imread(f'{folder}/images/a_{i}.png'))
        if stamp in labels:
            ids = cv2.imread(f'{folder}/labels/a_{i}.png', cv2.IMREAD_UNCHANGED)
            np.testing.assert_array_equal(labels[stamp][..., 0], ids)


def test_the_street_brings_its_own_labels(tmp_path: Path) -> None:
    assert main(['street', '--out', str(tmp_path / 'bag'), '--frames', '3', '--every', '2']) == 0
    images, labels = pictures(tmp_path / 'bag', IMAGE_TOPIC), pictures(tmp_path / 'bag', LABEL_TOPIC)
    assert [stamp for stamp, _ in images] == [0, 10**8, 2 * 10**8]
    for i in range(3):
        scene = StreetDrive().scene(2 * i)
        np.testing.assert_array_equal(images[i][1], scene.image)
        np.testing.assert_array_equal(labels[i][1][..., 0], scene.labels)


def test_sources_follow_each_other_and_their_times_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = f'{folder}/images'
    assert main([images, images, '--out', str(folder / 'bag'), '--frames', '5']) == 0
    assert [stamp for stamp, _ in pictures(folder / 'bag', IMAGE_TOPIC)] == [i * 10**8 for i in range(10)]
    told = capsys.readouterr().out
    assert 'images: 0.00 to 0.50 s' in told and 'images: 0.50 to 1.00 s' in told


def test_the_same_source_makes_the_same_bag(folder: Path) -> None:
    for name in ('a', 'b'):
        assert main([f'{folder}/images', '--out', f'{folder}/{name}/bag']) == 0
    for file in ('bag.mcap', 'metadata.yaml'):
        assert (folder / 'a/bag' / file).read_bytes() == (folder / 'b/bag' / file).read_bytes()


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['/nowhere.mp4'], 'error: /nowhere.mp4: not found'),
        (['street', '--labels', '.'], 'error: --labels goes with a folder of images'),
        (['street', '--every', '0'], 'error: --every 0'),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments, complaint: str) -> None:
    assert main([*arguments, '--out', str(tmp_path / 'bag')]) == 1
    error = capsys.readouterr().err
    assert error.startswith(complaint) and error.count('\n') == 1
    assert not (tmp_path / 'bag').exists()


def test_a_frame_that_cannot_be_read_leaves_no_bag(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / 'images/a_7.png').write_bytes(b'damaged')
    assert main([f'{folder}/images', '--out', str(folder / 'bag')]) == 1
    assert 'a_7.png: 7 bytes, damaged' in capsys.readouterr().err
    assert not (folder / 'bag').exists()
