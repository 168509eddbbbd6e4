# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's drive along the procedural street, with its weather."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from uncd_ros.street.scene import StreetScene, render_street

DRIVE_FRAMES = 600
# Frames at which the strength changes, and the strengths.
_DRIVE_FOG = ((160, 200, 300, 340), (0.0, 1.0, 1.0, 0.0))
_DRIVE_UNKNOWN = range(78, 124)
"""Frames in which the car drives up to an unknown object that lies in its lane."""
_DRIVE_NIGHT = ((440, 480), (0.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetDrive:
    """The demo's drive: clear, with a thing on the road; into fog, clear again, into the night."""

    seed: int = 2026
    height: int = 240
    """Pixels."""
    width: int = 320
    """Pixels."""

    def __len__(self) -> int:
        """Frames of the whole drive."""
        return DRIVE_FRAMES

    def __iter__(self) -> Iterator[StreetScene]:
        """The scenes in order."""
        return (self.scene(frame) for frame in range(DRIVE_FRAMES))

    def scene(self, frame: int) -> StreetScene:
        """One scene of the drive."""
        fog, night = drive_weather(frame)
        unknown = int(frame in _DRIVE_UNKNOWN)
        size = {'height': self.height, 'width': self.width}
        return render_street(seed=self.seed, frame=frame, **size, fog=fog, night=night, unknown_objects=unknown)


def drive_weather(frame: int) -> tuple[float, float]:
    """Strength of fog and of night, 0 to 1, in a frame of the demo's drive."""
    return float(np.interp(frame, *_DRIVE_FOG)), float(np.interp(frame, *_DRIVE_NIGHT))
