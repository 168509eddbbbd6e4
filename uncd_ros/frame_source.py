# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera frames from what is not a camera: a video, a folder of images, a bag, the procedural street."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.codec import decode, quiet_opencv
from uncd_ros.errors import ImageError, SourceError
from uncd_ros.synthetic import STREET_FPS, StreetDrive

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.tif', '.tiff')
BAG_SUFFIXES = ('.mcap', '.db3')
FOLDER_FPS = 10.0
"""Rate of an image folder, which has none of its own."""
_KINDS = 'jpg, png, ppm, bmp or tif'
_WHOLE_SHARE = 0.9
"""Share of the stated frames that must be there; many files state a few more than they hold."""


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
        from uncd_ros.bags.source import BagSource  # the library that reads bags is not needed for anything else here

        return BagSource(path, f'/{topic}' if topic else None)
    if path.is_dir():
        return FolderSource(path)
    if path.is_file():
        return VideoSource(path)
    raise SourceError(f"{spec}: not found, expected 'street', a video file, a folder of images or a bag")


def is_bag_file(path: Path) -> bool:
    """Whether a file is named as those of a rosbag2 are, `.zstd` being what it adds when it compresses one."""
    return path.name.removesuffix('.zstd').endswith(BAG_SUFFIXES)


def read_image(path: Path, flags: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """(H, W, 3) BGR image, or what else OpenCV's flags ask for; an ImageError names a missing, damaged or cut file."""
    if not path.is_file():
        raise ImageError(f'{path}: not found, expected an image file')
    data = path.read_bytes()
    image = decode(data, flags)
    if image is None:
        raise ImageError(f'{path}: {len(data)} bytes, damaged or cut short, expected a whole {_KINDS} image')
    if image.dtype != np.uint8:
        raise ImageError(f'{path}: values are {image.dtype}, expected 8 bit')
    return np.asarray(image, np.uint8)


class StreetSource:
    """The demo's drive along the procedural street."""

    name = 'street'
    fps = STREET_FPS

    def __init__(self) -> None:
        self._drive = StreetDrive()
        self.frame_count: int | None = len(self._drive)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """(240, 320, 3) BGR frames."""
        for scene in self._drive:
            yield np.ascontiguousarray(scene.image[..., ::-1])


class FolderSource:
    """The images of a folder in natural order: 2.png before 10.png."""

    fps = FOLDER_FPS

    def __init__(self, folder: Path) -> None:
        images = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
        if not images:
            raise SourceError(f'{folder}: no image in this folder, expected {_KINDS} files')
        self.name = folder.resolve().name
        self.frame_count: int | None = len(images)
        self.paths = sorted(images, key=natural_order)
        """In the order of its frames."""

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """(H, W, 3) BGR frames; an ImageError at the first that cannot be read."""
        return (read_image(path) for path in self.paths)


class VideoSource:
    """A video file, through OpenCV."""

    def __init__(self, path: Path) -> None:
        self._path = path
        capture = self._open()
        self.name = path.name
        self.fps = float(capture.get(cv2.CAP_PROP_FPS))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.frame_count = count if count > 0 else None
        if not 0.0 < self.fps < 1000.0:
            raise SourceError(f'{path}: states {self.fps} frames a second, expected 0 to 1000')

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """(H, W, 3) BGR frames; a SourceError where the file ends far before the length it states."""
        capture = self._open()
        played = 0
        while True:
            with quiet_opencv():
                is_read, frame = capture.read()
            if not is_read:
                break
            played += 1
            yield np.asarray(frame, np.uint8)
        if played < _WHOLE_SHARE * (self.frame_count or 1):
            raise SourceError(f'{self._path}: ends after {played} frames, expected {self.frame_count or "some"}')

    def _open(self) -> cv2.VideoCapture:
        # OpenCV reads this when the first video is opened; otherwise FFmpeg writes to stderr by itself.
        os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
        with quiet_opencv():
            capture = cv2.VideoCapture(str(self._path))
        if not capture.isOpened():
            size = self._path.stat().st_size
            raise SourceError(f'{self._path}: {size} bytes that OpenCV cannot open, expected a video file')
        return capture


def natural_order(path: Path) -> list[tuple[int, int, str]]:
    """Sort key in which numbers count as numbers, and come before letters."""
    pieces = re.findall(r'\d+|\D+', path.name.lower())
    return [(0, int(piece), '') if piece.isdecimal() else (1, 0, piece) for piece in pieces]
