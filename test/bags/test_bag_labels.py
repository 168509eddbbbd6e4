# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels find their image by stamp or number, whichever of the two was recorded first."""

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import CAMERA, camera_message, picture, write_bag
from uncd_ros.bags.labels import AHEAD, FolderLabels, TopicLabels, label_ids, open_labels
from uncd_ros.bags.reader import Bag, typestore
from uncd_ros.bags.topics import COMPRESSED_IMAGE, IMAGE
from uncd_ros.bags.writer import header, image_message, png_message
from uncd_ros.errors import BagError, ImageError

LABELS = '/labels'


def ids(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 5, (4, 6), np.uint8)


def labels_bag(path: Path, stamps: list[int], kind: str = IMAGE) -> Path:
    """Label images of these stamps, recorded one a second whatever their stamp, and one camera image."""
    make = image_message if kind == IMAGE else png_message
    contents = [make(header(stamp, ''), 'mono8', ids(stamp)) for stamp in stamps]
    messages = [
        (LABELS, kind, i * 10**9, bytes(typestore().serialize_cdr(each, kind))) for i, each in enumerate(contents)
    ]
    return write_bag(path, [*messages, (CAMERA, IMAGE, 0, camera_message(0))])


@pytest.mark.parametrize('kind', [IMAGE, COMPRESSED_IMAGE])
def test_a_topic_by_stamp_with_gaps_on_either_side(tmp_path: Path, kind: str) -> None:
    with Bag(labels_bag(tmp_path / 'bag', [10, 20, 25, 40, 30, 60], kind)) as bag:
        labels = open_labels(bag, LABELS, CAMERA)
        assert isinstance(labels, TopicLabels) and labels.count == 6
        for stamp in (5, 10, 20, 30, 35, 40, 60, 70):
            found = labels.find(0, stamp)
            if stamp in (10, 20, 40, 60):
                np.testing.assert_array_equal(found, ids(stamp))
            elif stamp != 30:  # it comes after its time
                assert found is None


def test_few_labels_wait_for_their_image(tmp_path: Path) -> None:
    with Bag(labels_bag(tmp_path / 'bag', list(range(5 * AHEAD)))) as bag:
        labels = TopicLabels(bag, bag.topics[LABELS])
        np.testing.assert_array_equal(labels.find(0, 4 * AHEAD), ids(4 * AHEAD))
        assert len(labels._waiting) <= AHEAD


@pytest.mark.parametrize('name', ['7', '000007', '1700000000123456789', '1700000000.123456789', '1700000000_123456789'])
def test_a_folder_by_number_or_stamp(tmp_path: Path, name: str) -> None:
    cv2.imwrite(str(tmp_path / f'{name}.png'), ids(7))
    (tmp_path / 'notes.txt').write_text('no label')
    labels = FolderLabels(tmp_path)
    assert labels.count == 1 and labels.find(6, 5) is None
    np.testing.assert_array_equal(labels.find(7, 1_700_000_000_123_456_789), ids(7))


def test_what_are_no_labels_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / 'frame.png'), ids(0))
    with pytest.raises(BagError, match='no PNG there is named by a stamp in nanoseconds or by a number'):
        FolderLabels(tmp_path)
    (tmp_path / '3.png').write_bytes(b'damaged')
    with pytest.raises(ImageError, match=r'3\.png: 7 bytes, damaged'):
        FolderLabels(tmp_path).find(3, 0)
    with pytest.raises(ImageError, match="encoding 'bgr8', expected mono8"):
        label_ids(image_message(header(0, ''), 'bgr8', picture(0)))
    jpeg = png_message(header(0, ''), 'mono8', ids(0))
    jpeg.data = np.frombuffer(bytes(cv2.imencode('.jpg', ids(0))[1]), np.uint8)
    with pytest.raises(ImageError, match='JPEG changes label ids'):
        label_ids(jpeg)
