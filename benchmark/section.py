# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every section of a benchmark is given, and what it returns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from uncd_ros.model.engine_wish import BF16, F32, INT8, OPENVINO, TORCH, EngineWish


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is measured, and how long."""

    model: Path
    """Folder, with the engines that were made here."""
    short: bool
    """Fewer rounds, sizes and engines."""

    @property
    def wishes(self) -> list[EngineWish]:
        """torch, and each engine of the model that is calibrated."""
        from uncd_ros.model.engine_record import engine_files, read_engine  # loads torch: see benchmark/robot.py

        records = map(read_engine, engine_files(self.model))
        found = {each.precision for each in records if each.engine == OPENVINO and each.calibration}
        ours = [EngineWish(engine=OPENVINO, precision=name) for name in (F32, BF16, INT8) if name in found]
        return [EngineWish(engine=TORCH, precision=F32), *ours]

    @property
    def extremes(self) -> list[EngineWish]:
        """torch, and the engine of the fewest bits, if there is one."""
        wishes = self.wishes
        return [wishes[0], *wishes[1:][-1:]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one section found."""

    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    """What was measured -> figure -> value; a figure in milliseconds ends in _ms."""
    ratios: dict[str, float] = field(default_factory=dict)
    """What tools compare from run to run; a busy machine moves these less than times."""


def title(wish: EngineWish) -> str:
    """'openvino int8'."""
    return f'{wish.engine} {wish.precision}'


def key(name: str) -> str:
    """'openvino int8' as part of a ratio's name."""
    return name.replace(' ', '_')


def p50_p99(milliseconds: Sequence[float]) -> dict[str, float]:
    """NaN where nothing was measured."""
    p50, p99 = np.percentile(milliseconds, (50, 99)) if milliseconds else (np.nan, np.nan)
    return {'p50_ms': float(p50), 'p99_ms': float(p99)}


def median_ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """Of turns in which both were timed."""
    return float(np.median(np.asarray(some) / np.asarray(others)))


Measure = Callable[[Bench], Section]
