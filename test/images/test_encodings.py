# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every encoding against an independent converter, padded rows, and messages that lie."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from sensor_msgs.msg import CompressedImage, Image

from support.image_messages import HEIGHT, WIDTH, message
from uncd_ros.errors import ImageError
from uncd_ros.images.encodings import ENCODINGS, PLANAR, VIEWS, as_array, is_grey

SPELT_OTHERWISE = {
    '8UC1': 'mono8',
    '8UC3': 'bgr8',
    '8UC4': 'bgra8',
    '16UC1': 'mono16',
    '16UC3': 'bgr16',
    '16UC4': 'bgra16',
}
FLOATS = {'32FC1': 'mono8', '32FC3': 'bgr8', '32FC4': 'bgra8'}
"""Encoding -> the one whose values over 255 it holds."""
KNOWN_TO_ROSBAGS = [each for each in ENCODINGS if each not in FLOATS and each != 'nv24']


@pytest.mark.parametrize('encoding', KNOWN_TO_ROSBAGS)
def test_agrees_with_rosbags(encoding: str) -> None:
    rosbags_image = pytest.importorskip('rosbags.image')
    msg = message(encoding)
    found = as_array(msg)
    msg.encoding = SPELT_OTHERWISE.get(encoding, encoding)
    if encoding in PLANAR:
        msg.height = HEIGHT * 3 // 2  # rosbags counts the rows of both planes
    expected: NDArray[np.uint8] = rosbags_image.message_to_cvimage(msg, 'rgb8')
    assert found.shape == (HEIGHT, WIDTH, 3) and found.dtype == np.uint8
    rounding = 1 if '16' in encoding else 0
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= rounding


@pytest.mark.parametrize('encoding', KNOWN_TO_ROSBAGS)
def test_padding_is_left_out(encoding: str) -> None:
    np.testing.assert_array_equal(as_array(message(encoding, padding=5)), as_array(message(encoding)))


@pytest.mark.parametrize(('encoding', 'bytes_like'), FLOATS.items())
@pytest.mark.parametrize('order', '<>')
def test_float_values_run_from_0_to_1(encoding: str, bytes_like: str, order: str) -> None:
    like = message(bytes_like)
    values = (np.frombuffer(like.data, np.uint8) / 255).astype(f'{order}f4')
    msg = Image(height=HEIGHT, width=WIDTH, step=4 * like.step, encoding=encoding, data=values.tobytes())
    msg.is_bigendian = order == '>'
    np.testing.assert_array_equal(as_array(msg), as_array(like))


def test_float_values_out_of_range_are_clipped() -> None:
    values = np.array([-3.0, np.nan, 7.0, np.inf], '<f4')
    msg = Image(height=1, width=4, step=16, encoding='32FC1', data=values.tobytes())
    assert as_array(msg)[0, :, 0].tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize('padding', [0, 5])
def test_nv24_is_nv12_with_a_colour_for_every_pixel(padding: int) -> None:
    rng = np.random.default_rng(2)
    half = rng.integers(16, 240, (HEIGHT // 2, WIDTH // 2, 2), np.uint8)
    nv12, nv24 = message('nv12'), message('nv24', padding=padding)
    brightness = rng.integers(16, 235, (HEIGHT, WIDTH), np.uint8)
    nv12.data = np.concatenate((brightness, half.reshape(-1, WIDTH))).tobytes()
    planes = np.zeros((3 * HEIGHT, WIDTH + padding), np.uint8)
    planes[:HEIGHT, :WIDTH] = brightness
    full = half.repeat(2, axis=0).repeat(2, axis=1).reshape(HEIGHT, -1)
    planes[HEIGHT:].reshape(HEIGHT, -1)[:, : 2 * WIDTH] = full
    nv24.data = planes.tobytes()
    assert np.abs(as_array(nv24).astype(int) - as_array(nv12)).max() <= 2


@pytest.mark.parametrize(('suffix', 'worst'), [('.png', 0), ('.jpg', 40)])
def test_compressed_image_is_decoded(suffix: str, worst: int) -> None:
    pixels = cv2.resize(np.random.default_rng(4).integers(0, 256, (6, 8, 3), np.uint8), (160, 120))
    data = cv2.imencode(suffix, pixels)[1].tobytes()
    found = as_array(CompressedImage(format='bgr8; whatever', data=data))
    assert found.shape == (120, 160, 3)
    assert np.abs(found[..., ::-1].astype(int) - pixels).max() <= worst
    np.testing.assert_array_equal(found[..., ::-1], cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
    for damaged in (data[: len(data) // 2], b'', b'not an image'):
        with pytest.raises(ImageError, match=f'compressed image of {len(damaged)} bytes, .* is damaged'):
            as_array(CompressedImage(format='bgr8; whatever', data=damaged))


def test_grey_is_told_from_colour() -> None:
    assert [each for each in ENCODINGS if is_grey(message(each))] == ['mono8', '8UC1', 'mono16', '16UC1', '32FC1']
    assert is_grey(CompressedImage(format='mono8; png compressed mono8'))
    assert not is_grey(CompressedImage(format='jpeg'))


@pytest.mark.parametrize('encoding', VIEWS)
def test_8_bit_colour_is_not_copied(encoding: str) -> None:
    msg = message(encoding)
    assert np.shares_memory(as_array(msg), np.frombuffer(msg.data, np.uint8))


def test_16_bit_values_use_their_full_range() -> None:
    msg = Image(height=1, width=3, step=6, encoding='mono16', data=np.array([0, 0x8080, 0xFFFF], '<u2').tobytes())
    assert as_array(msg)[0, :, 0].tolist() == [0, 128, 255]


def test_big_endian_values() -> None:
    msg = Image(height=1, width=2, step=4, encoding='mono16', is_bigendian=1, data=b'\xff\x00\x00\xff')
    assert as_array(msg)[0, :, 0].tolist() == [254, 1]


@pytest.mark.parametrize('encoding', [each for each in ENCODINGS if '16' in each])
def test_big_endian_is_little_endian_swapped(encoding: str) -> None:
    little, big = message(encoding), message(encoding, big_endian=True)
    big.data = np.frombuffer(little.data, '<u2').astype('>u2').tobytes()
    np.testing.assert_array_equal(as_array(big), as_array(little))


def test_last_row_may_lack_its_padding() -> None:
    msg = message('rgb8', padding=5)
    msg.data = msg.data[:-5]
    np.testing.assert_array_equal(as_array(msg), as_array(message('rgb8')))


@pytest.mark.parametrize(
    ('fields', 'complaint'),
    [
        ({'encoding': 'blue8'}, "image encoding is 'blue8', expected one of rgb8, bgr8, "),
        ({'encoding': ''}, "image encoding is '', expected one of "),
        ({'height': 0}, 'image is 8x0 pixels, expected at least 1x1'),
        ({'width': 0}, 'image is 0x6 pixels, expected at least 1x1'),
        ({'step': 23}, "image step is 23 bytes, expected 24 or more for 8 pixels of 'rgb8'"),
        ({'data': bytes(143)}, "image data is 143 bytes, expected 144 for 8x6 'rgb8'"),
        ({'data': b''}, "image data is 0 bytes, expected 144 for 8x6 'rgb8'"),
        ({'height': 2**32 - 1}, 'image data is 144 bytes, expected 103079215080 '),
        ({'encoding': 'nv12', 'width': 7, 'height': 4}, "image of 7x4 pixels cannot be 'nv12'"),
        ({'encoding': 'nv24', 'height': 9}, "image data is 144 bytes, expected 632 for 8x9 'nv24'"),
        ({'encoding': 'yuyv', 'width': 5}, "image of 5x6 pixels cannot be 'yuyv', expected an even width"),
    ],
)
def test_malformed_message_is_one_clear_line(fields: dict[str, object], complaint: str) -> None:
    msg = message('rgb8')
    for name, value in fields.items():
        setattr(msg, name, value)
    with pytest.raises(ImageError) as error:
        as_array(msg)
    assert str(error.value).startswith(complaint)
    assert '\n' not in str(error.value)
