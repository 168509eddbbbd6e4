# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images made small enough to be kept, under the names and types that image_transport gives them."""

from typing import Any, Literal

import cv2
import numpy as np

from uncd_ros.bags.reader import typestore
from uncd_ros.bags.topics import COMPRESSED_IMAGE, IMAGE
from uncd_ros.errors import ImageError
from uncd_ros.images.channels import contiguous_bgr
from uncd_ros.images.codec import encode_jpeg, encode_png
from uncd_ros.images.encodings import as_array, is_grey, read_pixels
from uncd_ros.recording.entry import Entry

Codec = Literal['jpeg', 'png']


def packed(entry: Entry, codec: Codec) -> Entry:
    """The message of an Image as CompressedImage on `<topic>/compressed`; any other message as it is.

    'jpeg' is for what a camera sees. 'png' keeps label ids, and uncertainties in [0, 1] in steps of 1/255, in mono8.
    Raises ImageError for an image that is damaged.
    """
    if entry.kind != IMAGE:
        return entry
    try:
        image: Any = typestore().deserialize_cdr(entry.data, IMAGE)
    except Exception as error:  # damage shows itself in any way
        raise ImageError(f'{entry.topic}: message of {len(entry.data)} bytes is no {IMAGE} ({error})') from None
    encoding, content = _png(image) if codec == 'png' else _jpeg(image)
    small = typestore().types[COMPRESSED_IMAGE](
        header=image.header,
        format=f'{encoding}; {codec} compressed {encoding}',
        data=np.frombuffer(content, np.uint8),
    )
    data = bytes(typestore().serialize_cdr(small, COMPRESSED_IMAGE))
    return Entry(topic=f'{entry.topic}/compressed', kind=COMPRESSED_IMAGE, received=entry.received, data=data)


def _png(image: Any) -> tuple[str, bytes]:
    if image.encoding not in ('mono8', '32FC1'):
        raise ImageError(f"image encoding is '{image.encoding}', expected mono8 or 32FC1 to be kept as PNG")
    values = read_pixels(image)[..., 0]
    pixels = values if image.encoding == 'mono8' else cv2.convertScaleAbs(values, alpha=255.0)
    return 'mono8', encode_png(np.asarray(pixels, np.uint8))


def _jpeg(image: Any) -> tuple[str, bytes]:
    pixels = as_array(image)
    if is_grey(image):
        return 'mono8', encode_jpeg(np.ascontiguousarray(pixels[..., 0]))
    return 'bgr8', encode_jpeg(contiguous_bgr(pixels))
