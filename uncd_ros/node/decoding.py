# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera messages to RGB arrays on a robot: through cv_bridge where that works, as ROS users expect.

Our own code reads and checks the rows of a message, cv_bridge converts their values. Where it is missing, was built
for another numpy, or does not know an encoding, the table converts that bags use; both give the same values.
"""

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from uncd_ros.errors import ImageError
from uncd_ros.images.encodings import CompressedImage, Image, as_array, read_pixels

BRIDGED = frozenset(
    (
        *('mono8', 'mono16', 'rgb16', 'bgr16', 'rgba16', 'bgra16', 'yuv422', 'yuv422_yuy2'),
        *(f'bayer_{pattern}{bits}' for pattern in ('rggb', 'bggr', 'gbrg', 'grbg') for bits in (8, 16)),
    )
)
"""Encodings that cv_bridge turns into rgb8.

8-bit colour needs no conversion, JPEG and PNG are read by the same function of OpenCV after a check that they are
whole, and cv_bridge refuses the rest: 8UC3, 16UC1 and the like, floats, NV12, NV21, NV24.
"""
TRY_WITHIN = 60.0
"""Seconds that an image may take that tries cv_bridge, the start of Python with it."""


class Bridge(Protocol):
    """cv_bridge.CvBridge."""

    def imgmsg_to_cv2(self, img_msg: Any, desired_encoding: str) -> NDArray[Any]:
        """(H, W, 3) in the desired encoding; raises CvBridgeError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What cv_bridge reads of a message, rows packed and in this machine's byte order.

    It takes the rows of a message as they are only where their padding is a whole number of pixels, and the other
    byte order not at all with numpy 2.
    """

    height: int
    width: int
    encoding: str
    step: int
    """Bytes of a row."""
    data: NDArray[Any]
    """(H, W, channels)."""
    is_bigendian: int = int(sys.byteorder == 'big')


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """Decodes messages, with or without cv_bridge."""

    bridge: Bridge | None
    summary: str
    """Which converter is used and why, in one sentence."""

    def decode(self, msg: Image | CompressedImage) -> NDArray[np.uint8]:
        """(H, W, 3) RGB, perhaps a view into the message. Raises ImageError, in one sentence."""
        if self.bridge is None or isinstance(msg, CompressedImage) or msg.encoding not in BRIDGED:
            return as_array(msg)
        return _convert(self.bridge, msg)


def open_decoder() -> Decoder:
    """With cv_bridge where it works."""
    if importlib.util.find_spec('cv_bridge') is None:
        fault = 'it is not installed'
    elif not (fault := _fault()):
        return Decoder(bridge=load_bridge(), summary='cv_bridge converts images that are not 8-bit colour')
    return Decoder(bridge=None, summary=f'images are converted without cv_bridge, as in bags: {fault}')


def load_bridge() -> Bridge:
    """Raises whatever it raises; cv_bridge can be imported without its library, so it must convert an image first."""
    from cv_bridge import CvBridge

    bridge: Bridge = CvBridge()
    grey = np.full((2, 2, 1), 0x8080, np.uint16)
    found = bridge.imgmsg_to_cv2(Rows(height=2, width=2, encoding='mono16', step=4, data=grey), 'rgb8')
    if found.tolist() != np.full((2, 2, 3), 0x80).tolist():
        raise ImageError(f'mono16 of 0x8080 becomes {found.tolist()}, expected 128')
    return bridge


def _fault() -> str:
    """Why cv_bridge does not work here; empty if it does.

    Another process tries it: built for another numpy, it ends the process with a segmentation fault.
    """
    command = [sys.executable, '-c', f'from {__name__} import load_bridge; load_bridge()']
    try:
        child = subprocess.run(
            command, check=False, capture_output=True, text=True, errors='replace', timeout=TRY_WITHIN
        )
    except subprocess.TimeoutExpired:
        return f'it did not convert an image within {TRY_WITHIN:g} s'
    if child.returncode < 0:
        return f'it ends a process by signal {-child.returncode}, perhaps it was built for another numpy'
    lines = child.stderr.strip().splitlines() or [f'status {child.returncode}']
    return lines[-1][:200] if child.returncode else ''


def _convert(bridge: Bridge, msg: Image) -> NDArray[np.uint8]:
    pixels = read_pixels(msg)
    rows = Rows(height=msg.height, width=msg.width, encoding=msg.encoding, step=pixels.strides[0], data=pixels)
    try:
        image = bridge.imgmsg_to_cv2(rows, 'rgb8')
    except Exception as error:
        reason = ' '.join(str(error).split())[:200]
        raise ImageError(
            f"image of {msg.width}x{msg.height} '{msg.encoding}' cannot be converted by cv_bridge: {reason}"
        ) from None
    if image.shape != (msg.height, msg.width, 3) or image.dtype != np.uint8:
        raise ImageError(f'cv_bridge gives {image.dtype} {image.shape}, expected uint8 ({msg.height}, {msg.width}, 3)')
    return image
