# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images made small: what a camera sees nearly, label ids exactly, uncertainties to 1/255."""

import cv2
import numpy as np
import pytest

from support.bag_makers import camera_message
from uncd_ros.bags.reader import typestore
from uncd_ros.bags.topics import COMPRESSED_IMAGE, IMAGE
from uncd_ros.bags.writer import header, image_message
from uncd_ros.errors import ImageError
from uncd_ros.images.encodings import as_array, is_grey
from uncd_ros.recording.entry import Entry
from uncd_ros.recording.packing import packed

SMOOTH = np.add.outer(np.arange(48), np.arange(64))


def entry(encoding: str, pixels: np.ndarray) -> Entry:
    message = image_message(header(1_500_000_000, 'front'), encoding, pixels)
    return Entry(topic='/a', kind=IMAGE, received=7, data=bytes(typestore().serialize_cdr(message, IMAGE)))


def content(of: Entry):
    message = typestore().deserialize_cdr(of.data, COMPRESSED_IMAGE)
    assert (of.topic, of.kind, of.received) == ('/a/compressed', COMPRESSED_IMAGE, 7)
    stamp = message.header.stamp
    assert (stamp.sec, stamp.nanosec, message.header.frame_id) == (1, 500_000_000, 'front')
    return message


def test_camera_is_jpeg_with_its_header():
    pixels = np.dstack([SMOOTH, SMOOTH + 60, SMOOTH + 120]).astype(np.uint8)
    message = content(packed(entry('bgr8', pixels), 'jpeg'))
    assert message.format == 'bgr8; jpeg compressed bgr8'
    np.testing.assert_allclose(as_array(message).astype(int), pixels[..., ::-1].astype(int), atol=8)


def test_grey_camera_stays_grey():
    message = content(packed(entry('mono8', SMOOTH.astype(np.uint8)), 'jpeg'))
    assert is_grey(message)
    np.testing.assert_allclose(as_array(message)[..., 0].astype(int), SMOOTH, atol=3)


def test_label_ids_are_kept_exactly():
    ids = np.random.default_rng(0).choice(np.array([0, 3, 255], np.uint8), (48, 64))
    message = content(packed(entry('mono8', ids), 'png'))
    assert message.format == 'mono8; png compressed mono8'
    np.testing.assert_array_equal(cv2.imdecode(message.data, cv2.IMREAD_UNCHANGED), ids)


def test_uncertainty_is_kept_in_steps_of_a_255th():
    values = np.random.default_rng(0).random((48, 64)).astype(np.float32)
    kept = cv2.imdecode(content(packed(entry('32FC1', values), 'png')).data, cv2.IMREAD_UNCHANGED)
    np.testing.assert_allclose(kept / 255.0, values, atol=0.5 / 255 + 1e-6)


def test_what_comes_compressed_stays_as_it_is():
    small = packed(entry('mono8', SMOOTH.astype(np.uint8)), 'png')
    assert packed(small, 'jpeg') is small


def test_what_is_no_label_image_is_refused():
    with pytest.raises(ImageError, match="encoding is 'bgr8', expected mono8 or 32FC1"):
        packed(entry('bgr8', np.zeros((2, 2, 3), np.uint8)), 'png')


@pytest.mark.parametrize('data', [b'', b'\x00\x01\x00\x00abc', camera_message(0)[:-100]])
def test_damaged_image_is_refused(data):
    with pytest.raises(ImageError):
        packed(Entry(topic='/a', kind=IMAGE, received=0, data=data), 'jpeg')
