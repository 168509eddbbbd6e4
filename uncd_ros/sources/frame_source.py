# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera frames from what is not a camera: a video, a folder of images, a bag, the procedural street."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from uncd_ros.bags.files import is_bag_file
from uncd_ros.errors import SourceError
from uncd_ros.sources.folder import FolderSource
from uncd_ros.sources.street import StreetSource
from uncd_ros.sources.video import VideoSource


class FrameSource(Protocol):
    """Frames in order; iterating again begins again."""

    @property
    def name(self) -> str:
        """For a person: the file's name, the folder's name or 'street'."""

    @property
    def fps(self) -> float:
        """Frames a second at which it was recorded."""

    @property
    def frame_count(self) -> int | None:
        """Frames in all, as the source states: a video may hold a few fewer; None where it does not say."""

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """(H, W, 3) BGR frames."""


def open_source(spec: str) -> FrameSource:
    """The source that `spec` names: 'street', a folder of images, a video file, a bag or `bag:/topic`.

    Raises SourceError where it cannot be, BagError for a bag.
    """
    if spec == StreetSource.name:
        return StreetSource()
    place, _, topic = spec.partition(':/')
    path = Path(place)
    if any(map(is_bag_file, path.iterdir() if path.is_dir() else [path])):
        from uncd_ros.sources.bag import BagSource  # the library that reads bags is not needed for anything else here

        return BagSource(path, f'/{topic}' if topic else None)
    if path.is_dir():
        return FolderSource(path)
    if path.is_file():
        return VideoSource(path)
    raise SourceError(f"{spec}: not found, expected 'street', a video file, a folder of images or a bag")
