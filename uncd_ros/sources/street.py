# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural street as a source of camera frames."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from uncd_ros.street.drive import StreetDrive
from uncd_ros.street.scene import STREET_FPS


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
