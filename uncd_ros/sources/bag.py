# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag as a source of camera frames, for the player and the demo."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uncd_ros.bags.frames import FrameReader
from uncd_ros.bags.reader import Bag
from uncd_ros.bags.topics import choose_topic


class BagSource:
    """The images of one topic of a bag; those that cannot be read are left out."""

    def __init__(self, path: Path, topic: str | None) -> None:
        """Raises BagError where there are none; without a topic it chooses."""
        self._bag = Bag(path)
        chosen, _ = choose_topic(self._bag, topic, None)
        self._topic, self.name = chosen.name, self._bag.name
        self.frame_count: int | None = chosen.count
        self.fps = FrameReader(self._bag, chosen.name).recorded_rate or 1.0

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """(H, W, 3) BGR frames."""
        for frame in FrameReader(self._bag, self._topic):
            if frame.image is not None:
                yield np.ascontiguousarray(frame.image[..., ::-1])
