# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0

from pathlib import Path

import cv2
import numpy as np
import pytest

from uncd_ros.errors import ImageError
from uncd_ros.images.codec import decode, read_image
from uncd_ros.sources.frame_source import open_source

PADDING = 5000
"""Bytes; a driver that hands over its whole buffer pads a JPEG by as much."""


@pytest.fixture
def image() -> np.ndarray:
    """A picture that no codec can guess."""
    return np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)


def _jpeg(image: np.ndarray, *options: int) -> bytes:
    return bytes(cv2.imencode('.jpg', image, list(options))[1])


def _with_thumbnail(jpeg: bytes, thumbnail: bytes) -> bytes:
    """The JPEG with another one, whole, in an EXIF segment before its own data."""
    content = b'Exif\x00\x00' + thumbnail
    return jpeg[:2] + b'\xff\xe1' + (len(content) + 2).to_bytes(2, 'big') + content + jpeg[2:]


def _variants(image: np.ndarray) -> dict[str, bytes]:
    return {
        'plain': _jpeg(image),
        'restart markers': _jpeg(image, cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
        'progressive': _jpeg(image, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        'thumbnail': _with_thumbnail(_jpeg(image), _jpeg(image[::4, ::4])),
    }


@pytest.mark.parametrize('variant', ['plain', 'restart markers', 'progressive', 'thumbnail'])
@pytest.mark.parametrize('padding', [b'', bytes(PADDING), b'\xff' * PADDING, b'camera buffer' * PADDING])
def test_a_whole_jpeg_is_decoded_whatever_follows_its_end(image: np.ndarray, variant: str, padding: bytes) -> None:
    data = _variants(image)[variant]
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode(data + padding), expected)


@pytest.mark.parametrize('variant', ['plain', 'restart markers', 'progressive', 'thumbnail'])
@pytest.mark.parametrize('padding', [b'', bytes(PADDING), b'\xff' * PADDING])
def test_a_jpeg_cut_anywhere_is_refused(image: np.ndarray, variant: str, padding: bytes) -> None:
    data = _variants(image)[variant]
    for length in range(2, len(data) - 1, 7):
        assert decode(data[:length] + padding) is None, length
    assert decode(data[:-1]) is None


def test_a_thumbnail_s_end_is_not_the_image_s(image: np.ndarray) -> None:
    data = _variants(image)['thumbnail']
    after_thumbnail = data.index(b'\xff\xd9') + 2
    assert decode(data[: after_thumbnail + 100]) is None


def test_a_png_may_be_padded_too_and_not_be_cut(image: np.ndarray) -> None:
    data = bytes(cv2.imencode('.png', image)[1])
    np.testing.assert_array_equal(decode(data + bytes(PADDING)), image)
    for length in range(8, len(data) - 8, 101):
        assert decode(data[:length] + bytes(PADDING)) is None


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'ppm', 'bmp', 'tif'])
@pytest.mark.parametrize('kept', [0.0, 0.5, 0.9])
def test_an_image_cut_short_is_named(
    tmp_path: Path, image: np.ndarray, capfd: pytest.CaptureFixture[str], suffix: str, kept: float
) -> None:
    path = tmp_path / f'whole.{suffix}'
    cv2.imwrite(str(path), image)
    assert read_image(path).shape == image.shape
    data = path.read_bytes()
    cut = path.with_stem('cut')
    cut.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(ImageError, match=rf'cut\.{suffix}: {int(kept * len(data))} bytes, damaged or cut short'):
        list(open_source(str(tmp_path)))
    assert capfd.readouterr().err == ''


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r'gone\.png: not found'):
        read_image(tmp_path / 'gone.png')
