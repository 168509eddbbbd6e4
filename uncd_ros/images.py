# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/Image -> RGB array, and nothing else.

The 8-bit colour encodings are strided views into the message: no pixel is copied. The rest goes
through OpenCV, alike on every machine, so that a picture never depends on what else is installed.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from uncd_ros.errors import ImageError

VIEWS: dict[str, tuple[int, slice]] = {
    'rgb8': (3, slice(None)),
    'bgr8': (3, slice(None, None, -1)),
    '8UC3': (3, slice(None, None, -1)),  # OpenCV's habit where the encoding leaves the order open
    'rgba8': (4, slice(0, 3)),
    'bgra8': (4, slice(2, None, -1)),
}
"""Encoding -> (channels, those that are R, G and B in that order)."""

# A Bayer pattern is named by ROS after its first row, by OpenCV after the pixels one row and one column further in.
CONVERSIONS: dict[str, tuple[type[np.unsignedinteger], int, int | None]] = {
    'mono8': (np.uint8, 1, cv2.COLOR_GRAY2RGB),
    '8UC1': (np.uint8, 1, cv2.COLOR_GRAY2RGB),
    'mono16': (np.uint16, 1, cv2.COLOR_GRAY2RGB),
    '16UC1': (np.uint16, 1, cv2.COLOR_GRAY2RGB),
    'rgb16': (np.uint16, 3, None),
    'bgr16': (np.uint16, 3, cv2.COLOR_BGR2RGB),
    'rgba16': (np.uint16, 4, cv2.COLOR_RGBA2RGB),
    'bgra16': (np.uint16, 4, cv2.COLOR_BGRA2RGB),
    'bayer_rggb8': (np.uint8, 1, cv2.COLOR_BayerBG2RGB),
    'bayer_bggr8': (np.uint8, 1, cv2.COLOR_BayerRG2RGB),
    'bayer_gbrg8': (np.uint8, 1, cv2.COLOR_BayerGR2RGB),
    'bayer_grbg8': (np.uint8, 1, cv2.COLOR_BayerGB2RGB),
    'bayer_rggb16': (np.uint16, 1, cv2.COLOR_BayerBG2RGB),
    'bayer_bggr16': (np.uint16, 1, cv2.COLOR_BayerRG2RGB),
    'bayer_gbrg16': (np.uint16, 1, cv2.COLOR_BayerGR2RGB),
    'bayer_grbg16': (np.uint16, 1, cv2.COLOR_BayerGB2RGB),
    'yuv422': (np.uint8, 2, cv2.COLOR_YUV2RGB_UYVY),
    'uyvy': (np.uint8, 2, cv2.COLOR_YUV2RGB_UYVY),
    'yuv422_yuy2': (np.uint8, 2, cv2.COLOR_YUV2RGB_YUYV),
    'yuyv': (np.uint8, 2, cv2.COLOR_YUV2RGB_YUYV),
}
"""Encoding -> (type of a value, channels, OpenCV's conversion to RGB)."""


def as_array(msg: Image) -> NDArray[np.uint8]:
    """(H, W, 3) RGB image of a message; 16-bit values are scaled by their full range to 8 bit.

    The array may be a view that lives on the message's own memory. Raises ImageError, in one
    sentence, if the message does not hold the image that its fields promise.
    """
    if msg.encoding in VIEWS:
        channels, rgb = VIEWS[msg.encoding]
        return _pixels(msg, np.dtype(np.uint8), channels)[..., rgb]
    if msg.encoding in CONVERSIONS:
        return _convert(msg)
    raise ImageError(f"image encoding is '{msg.encoding}', expected one of {', '.join((*VIEWS, *CONVERSIONS))}")


def _pixels(msg: Image, dtype: np.dtype[np.unsignedinteger], channels: int) -> NDArray[np.uint8]:
    """(H, W, channels) view into the message's data, padding at the ends of the rows left out."""
    height, width, step, found = msg.height, msg.width, msg.step, len(msg.data)
    if height == 0 or width == 0:
        raise ImageError(f'image is {width}x{height} pixels, expected at least 1x1')
    row = width * channels * dtype.itemsize
    if step < row:
        raise ImageError(f"image step is {step} bytes, expected {row} or more for {width} pixels of '{msg.encoding}'")
    needed = step * (height - 1) + row  # some drivers leave out the padding of the last row
    if found < needed:
        raise ImageError(f"image data is {found} bytes, expected {needed} for {width}x{height} '{msg.encoding}'")
    strides = (step, channels * dtype.itemsize, dtype.itemsize)
    return np.ndarray((height, width, channels), dtype, msg.data, strides=strides)


def _convert(msg: Image) -> NDArray[np.uint8]:
    kind, channels, code = CONVERSIONS[msg.encoding]
    raw = _pixels(msg, np.dtype(kind).newbyteorder('>' if msg.is_bigendian else '<'), channels)
    raw = np.ascontiguousarray(raw, kind)
    try:
        rgb = raw if code is None else cv2.cvtColor(raw, code)
    except cv2.error:
        raise ImageError(f"image of {msg.width}x{msg.height} pixels cannot be '{msg.encoding}'") from None
    if kind is np.uint16:
        rgb = cv2.convertScaleAbs(rgb, alpha=1 / 257)
    return np.asarray(rgb, np.uint8)
