# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/Image or CompressedImage -> RGB array, and nothing else.

The 8-bit colour encodings are strided views into the message: no pixel is copied. The rest goes through OpenCV; the
node lets cv_bridge convert what that knows (node/decoding.py), to the same values. Messages are known by their
fields: those of rclpy and those of a bag that is read without ROS alike.
"""

from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.errors import ImageError, TruncatedImageError
from uncd_ros.images.codec import decode

VIEWS: dict[str, tuple[int, slice]] = {
    'rgb8': (3, slice(None)),
    'bgr8': (3, slice(None, None, -1)),
    '8UC3': (3, slice(None, None, -1)),  # OpenCV's habit where the encoding leaves the order open
    'rgba8': (4, slice(0, 3)),
    'bgra8': (4, slice(2, None, -1)),
    '8UC4': (4, slice(2, None, -1)),
}
"""Encoding -> (channels, those that are R, G and B in that order)."""

# A Bayer pattern is named by ROS after its first row, by OpenCV after the pixels one row and one column further in.
CONVERSIONS: dict[str, tuple[type[np.number], int, int | None]] = {
    'mono8': (np.uint8, 1, cv2.COLOR_GRAY2RGB),
    '8UC1': (np.uint8, 1, cv2.COLOR_GRAY2RGB),
    'mono16': (np.uint16, 1, cv2.COLOR_GRAY2RGB),
    '16UC1': (np.uint16, 1, cv2.COLOR_GRAY2RGB),
    '16UC3': (np.uint16, 3, cv2.COLOR_BGR2RGB),
    '16UC4': (np.uint16, 4, cv2.COLOR_BGRA2RGB),
    '32FC1': (np.float32, 1, cv2.COLOR_GRAY2RGB),
    '32FC3': (np.float32, 3, cv2.COLOR_BGR2RGB),
    '32FC4': (np.float32, 4, cv2.COLOR_BGRA2RGB),
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

PLANAR = {'nv12': cv2.COLOR_YUV2RGB_NV12, 'nv21': cv2.COLOR_YUV2RGB_NV21, 'nv24': None}
"""Encoding with a plane of brightness before one of colour -> OpenCV's conversion, where it has one."""

ENCODINGS = (*VIEWS, *CONVERSIONS, *PLANAR)

_YUV_TO_RGB = np.array([[1.164, 0.0, 1.596], [1.164, -0.391, -0.813], [1.164, 2.018, 0.0]])
"""BT.601 with 16 for black and 128 for no colour, as OpenCV converts NV12."""


class Image(Protocol):
    """sensor_msgs/Image."""

    height: int
    width: int
    encoding: str
    is_bigendian: Any
    step: int
    data: Any


@runtime_checkable
class CompressedImage(Protocol):
    """sensor_msgs/CompressedImage: a format in place of an encoding."""

    format: str
    data: Any


def as_array(msg: Image | CompressedImage) -> NDArray[np.uint8]:
    """(H, W, 3) RGB image of a message; 16-bit values are scaled by their full range to 8 bit, float ones from [0, 1].

    The array may be a view that lives on the message's own memory. Raises ImageError, in one
    sentence, if the message does not hold the image that its fields promise.
    """
    if isinstance(msg, CompressedImage):
        return _decoded(msg)
    if msg.encoding in VIEWS:
        channels, rgb = VIEWS[msg.encoding]
        return _pixels(msg, np.dtype(np.uint8), channels, msg.height)[..., rgb]
    if msg.encoding in CONVERSIONS:
        return _convert(msg)
    if msg.encoding in PLANAR:
        return _merge(msg)
    raise ImageError(f"image encoding is '{msg.encoding}', expected one of {', '.join(ENCODINGS)}")


def named_encoding(msg: Image | CompressedImage) -> str:
    """As the message names it, for a person; of a compressed one, its format."""
    return msg.format if isinstance(msg, CompressedImage) else msg.encoding


def is_grey(msg: Image | CompressedImage) -> bool:
    """Whether the message has no colour; of a compressed one nobody can tell before it is decoded."""
    encoding = msg.format.split(';')[0] if isinstance(msg, CompressedImage) else msg.encoding
    return encoding in CONVERSIONS and CONVERSIONS[encoding][2] == cv2.COLOR_GRAY2RGB


def _decoded(msg: CompressedImage) -> NDArray[np.uint8]:
    data = bytes(msg.data)
    image = decode(data)
    if image is None:
        raise TruncatedImageError(
            f"compressed image of {len(data)} bytes, format '{msg.format}', is damaged, expected a whole JPEG or PNG"
        )
    return image[..., ::-1]


def _pixels(msg: Image, dtype: np.dtype[np.number], channels: int, rows: int) -> NDArray[np.uint8]:
    """(rows, W, channels) view into the message's data, padding at the ends of the rows left out."""
    height, width, step, size = msg.height, msg.width, msg.step, len(msg.data)
    if height == 0 or width == 0:
        raise ImageError(f'image is {width}x{height} pixels, expected at least 1x1')
    row = width * channels * dtype.itemsize
    if step < row:
        raise ImageError(f"image step is {step} bytes, expected {row} or more for {width} pixels of '{msg.encoding}'")
    needed = step * (rows - 1) + row  # some drivers leave out the padding of the last row
    if size < needed:
        raise TruncatedImageError(
            f"image data is {size} bytes, expected {needed} for {width}x{height} '{msg.encoding}'"
        )
    strides = (step, channels * dtype.itemsize, dtype.itemsize)
    return np.ndarray((rows, width, channels), dtype, msg.data, strides=strides)


def read_pixels(msg: Image) -> NDArray[Any]:
    """(H, W, channels) values as they were sent, packed and in this machine's byte order, of one of CONVERSIONS.

    Raises ImageError, in one sentence, if the message does not hold them.
    """
    kind, channels, _ = CONVERSIONS[msg.encoding]
    raw = _pixels(msg, np.dtype(kind).newbyteorder('>' if msg.is_bigendian else '<'), channels, msg.height)
    if channels == 2 and msg.width % 2:  # two pixels share a colour
        raise ImageError(f"image of {msg.width}x{msg.height} pixels cannot be '{msg.encoding}', expected an even width")
    return np.ascontiguousarray(raw, kind)


def _convert(msg: Image) -> NDArray[np.uint8]:
    kind, _, code = CONVERSIONS[msg.encoding]
    raw = read_pixels(msg)
    if kind is np.float32:
        raw = np.clip(np.nan_to_num(raw), 0.0, 1.0)
    rgb = raw if code is None else _cvt_color(msg, raw, code)
    scale = {np.uint8: None, np.uint16: 1 / 257, np.float32: 255.0}[kind]
    return np.asarray(rgb if scale is None else cv2.convertScaleAbs(rgb, alpha=scale), np.uint8)


def _merge(msg: Image) -> NDArray[np.uint8]:
    """Brightness at (H, W); colour at half of both below it, or at full size in rows of twice the bytes."""
    code, height, width = PLANAR[msg.encoding], msg.height, msg.width
    if code is not None:
        return _cvt_color(msg, np.ascontiguousarray(_pixels(msg, np.dtype(np.uint8), 1, height * 3 // 2)), code)
    brightness = _pixels(msg, np.dtype(np.uint8), 1, height * 3)[:height]
    strides = (2 * msg.step, 2, 1)
    colour = np.ndarray((height, width, 2), np.uint8, msg.data, offset=height * msg.step, strides=strides)
    shift = -_YUV_TO_RGB @ np.array([[16.0], [128.0], [128.0]])
    return np.asarray(cv2.transform(np.dstack((brightness, colour)), np.hstack((_YUV_TO_RGB, shift))), np.uint8)


def _cvt_color(msg: Image, raw: NDArray[np.uint8], code: int) -> NDArray[np.uint8]:
    try:
        return np.asarray(cv2.cvtColor(raw, code))
    except cv2.error:
        raise ImageError(f"image of {msg.width}x{msg.height} pixels cannot be '{msg.encoding}'") from None
