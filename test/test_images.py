# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every encoding against an independent converter, padded rows, and messages that lie."""

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from sensor_msgs.msg import Image

from uncd_ros.errors import ImageError
from uncd_ros.images import CONVERSIONS, VIEWS, as_array

HEIGHT, WIDTH = 6, 8
SPELT_OTHERWISE = {'8UC1': 'mono8', '8UC3': 'bgr8', '16UC1': 'mono16'}


def message(encoding: str, *, padding: int = 0, big_endian: bool = False) -> Image:
    """An image of random bytes; `padding` bytes of 0xEE end each row."""
    channels = VIEWS[encoding][0] if encoding in VIEWS else CONVERSIONS[encoding][1]
    row = WIDTH * channels * (2 if '16' in encoding else 1)
    data = np.full((HEIGHT, row + padding), 0xEE, np.uint8)
    data[:, :row] = np.random.default_rng(7).integers(0, 256, (HEIGHT, row), np.uint8)
    msg = Image(height=HEIGHT, width=WIDTH, step=row + padding, encoding=encoding, is_bigendian=int(big_endian))
    msg.data = data.tobytes()
    return msg


@pytest.mark.parametrize('encoding', [*VIEWS, *CONVERSIONS])
def test_agrees_with_rosbags(encoding: str) -> None:
    rosbags_image = pytest.importorskip('rosbags.image')
    msg = message(encoding)
    found = as_array(msg)
    msg.encoding = SPELT_OTHERWISE.get(encoding, encoding)
    expected: NDArray[np.uint8] = rosbags_image.message_to_cvimage(msg, 'rgb8')
    assert found.shape == (HEIGHT, WIDTH, 3) and found.dtype == np.uint8
    rounding = 1 if '16' in encoding else 0
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= rounding


@pytest.mark.parametrize('encoding', [*VIEWS, *CONVERSIONS])
def test_padding_is_left_out(encoding: str) -> None:
    np.testing.assert_array_equal(as_array(message(encoding, padding=5)), as_array(message(encoding)))


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
        ({'encoding': 'yuyv', 'width': 5}, "image of 5x6 pixels cannot be 'yuyv'"),
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
