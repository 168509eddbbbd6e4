# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image files in memory: whole, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.errors import ImageError

IMAGE_KINDS = 'jpg, png, ppm, bmp or tif'


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
    """Whether the file's own end mark is there: some decoders fill in what a cut JPEG or PNG lacks, and say nothing."""
    if data.startswith(b'\xff\xd8'):
        return b'\xff\xd9' in data[-1024:]
    if data.startswith(b'\x89PNG'):
        return b'IEND' in data[-1024:]
    return len(data) > 0
