# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of images as a source of camera frames."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uncd_ros.bags.files import natural_order
from uncd_ros.errors import SourceError
from uncd_ros.images.codec import IMAGE_KINDS, read_image

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.tif', '.tiff', '.webp')
FOLDER_FPS = 10.0
"""Frame rate of an image folder, which states none."""


class FolderSource:
    """The images of a folder in natural order: 2.png before 10.png."""

    fps = FOLDER_FPS

    def __init__(self, folder: Path) -> None:
        images = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
        if not images:
            raise SourceError(f'{folder}: no image in this folder, expected {IMAGE_KINDS} files')
        self.name = folder.resolve().name
        self.frame_count: int | None = len(images)
        self.paths = sorted(images, key=natural_order)
        """In the order of its frames."""

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """(H, W, 3) BGR frames; an ImageError at the first that cannot be read."""
        return (read_image(path) for path in self.paths)
