# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When, where and how fast a bag was evaluated: what differs from run to run, and is for people alone."""

import platform
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """For the report."""

    date: str
    """Such as '2026-11-29 14:05 UTC'."""
    host: str
    """Name and kind of the machine."""
    engine: str
    """What ran the network."""
    model: Path
    bag: Path
    fps: float
    """Images per second that were evaluated."""
    recorded_fps: float
    """Images per second of the camera; 0 where that is unknown."""

    @classmethod
    def of_now(cls, *, engine: str, model: Path, bag: Path, fps: float, recorded_fps: float) -> 'RunInfo':
        """On this machine, at this time."""
        return cls(
            date=f'{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC',
            host=f'{platform.node()} ({platform.system()} {platform.machine()}, Python {platform.python_version()})',
            engine=engine,
            model=model,
            bag=bag,
            fps=fps,
            recorded_fps=recorded_fps,
        )
