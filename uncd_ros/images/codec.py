# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image files in memory: whole, or not at all."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.errors import ImageError

IMAGE_KINDS = 'jpg, png, ppm, bmp, tif or webp'
_JPEG_START, _JPEG_END = b'\xff\xd8', 0xD9
_JPEG_MARKER = re.compile(rb'\xff[^\x00\xff\xd0-\xd7]', re.DOTALL)
"""What begins a segment, or ends the image: neither a stuffed 0xFF nor a restart marker."""
_PNG_START = b'\x89PNG\r\n\x1a\n'
_PNG_CHUNK = 12
"""Bytes of a chunk beside its content: length, type, checksum."""


def decode(data: bytes, flags: int = cv2.IMREAD_COLOR) -> NDArray[Any] | None:
    """Bytes of a JPEG, PNG or another kind that OpenCV knows -> (H, W, 3) BGR; None if damaged or cut short.

    `flags` are cv2.imdecode's: other than by default, values and channels may stay as they are in the file.
    """
    if not _is_whole(data):
        return None
    try:
        with quiet_opencv():
            image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # a header that promises more pixels than OpenCV will make
        return None
    return image


def read_image(path: Path, flags: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """(H, W, 3) BGR image, or what else OpenCV's flags ask for; an ImageError names a missing, damaged or cut file."""
    if not path.is_file():
        raise ImageError(f'{path}: not found, expected an image file')
    data = path.read_bytes()
    image = decode(data, flags)
    if image is None:
        raise ImageError(f'{path}: {len(data)} bytes, damaged or cut short, expected a whole {IMAGE_KINDS} image')
    if image.dtype != np.uint8:
        raise ImageError(f'{path}: values are {image.dtype}, expected 8 bit')
    return np.asarray(image, np.uint8)


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """(H, W) -> PNG, which keeps every value; JPEG would turn labels into others."""
    return bytes(cv2.imencode('.png', image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])


def encode_jpeg(image: NDArray[np.uint8], quality: int = 95) -> bytes:
    """(H, W) or (H, W, 3) BGR -> JPEG, by default as small as the compressed topics of camera drivers."""
    return bytes(cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """OpenCV reports bad data on stderr; ours is the one line that names it."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _is_whole(data: bytes) -> bool:
    """Whether the file's own end mark is there: some decoders fill in what a cut JPEG or PNG lacks, and say nothing.

    The file is walked part by part: an end mark may lie in a thumbnail, and what follows the true one is padding.
    """
    if data.startswith(_JPEG_START):
        return _has_jpeg_end(data)
    if data.startswith(_PNG_START):
        return _has_png_end(data)
    return len(data) > 0


def _has_jpeg_end(data: bytes) -> bool:
    position = len(_JPEG_START)
    # Compressed pixels stand between segments; 0xFF in them is followed by 0 or is a restart marker.
    while (marker := _JPEG_MARKER.search(data, position)) is not None:
        if marker[0][-1] == _JPEG_END:
            return True
        length = int.from_bytes(data[marker.end() : marker.end() + 2], 'big')
        position = marker.end() + length
    return False


def _has_png_end(data: bytes) -> bool:
    position = len(_PNG_START)
    while position + _PNG_CHUNK <= len(data):
        if data[position + 4 : position + 8] == b'IEND':
            return True
        position += _PNG_CHUNK + int.from_bytes(data[position : position + 4], 'big')
    return False
