# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/Image of random pixels, in any encoding."""

import numpy as np
from sensor_msgs.msg import Image

from uncd_ros.images.encodings import CONVERSIONS, PLANAR, VIEWS

HEIGHT, WIDTH = 6, 8


def message(encoding: str, *, padding: int = 0, big_endian: bool = False) -> Image:
    """An image of random bytes, or of floats from 0 to 1; `padding` bytes of 0xEE end each row."""
    channels = 1 if encoding in PLANAR else VIEWS.get(encoding, CONVERSIONS.get(encoding, (0, 0))[1:])[0]
    is_float = encoding.startswith('32F')
    row = WIDTH * channels * (4 if is_float else 2 if '16' in encoding else 1)
    rows = {'nv12': HEIGHT * 3 // 2, 'nv21': HEIGHT * 3 // 2, 'nv24': HEIGHT * 3}.get(encoding, HEIGHT)
    data = np.full((rows, row + padding), 0xEE, np.uint8)
    rng = np.random.default_rng(7)
    if is_float:
        data[:, :row] = rng.random((rows, row // 4)).astype('>f4' if big_endian else '<f4').view(np.uint8)
    else:
        data[:, :row] = rng.integers(0, 256, (rows, row), np.uint8)
    msg = Image(height=HEIGHT, width=WIDTH, step=row + padding, encoding=encoding, is_bigendian=int(big_endian))
    msg.data = data.tobytes()
    return msg
