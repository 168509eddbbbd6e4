# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A video file as a source of camera frames."""

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from uncd_ros.errors import SourceError
from uncd_ros.images.codec import quiet_opencv

_WHOLE_SHARE = 0.9
"""Share of the stated frames that must be there; many files state a few more than they hold."""


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
