# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stretches of a drive that are known to be out of distribution, from a CSV or JSON file of start, end and kind."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uncd_ros.errors import ConfigError

_EXPECTED = 'expected start, end and kind of each event, times in seconds from the start of the bag'


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One stretch."""

    start: float
    end: float
    """Seconds from the bag's first message, by the recorder's clock; the end is no longer part of it."""
    kind: str

    def covers(self, seconds: float) -> bool:
        """Whether a moment belongs to it."""
        return self.start <= seconds < self.end


def read_events(path: Path) -> list[Event]:
    """In the order of the file. Raises ConfigError that names the file, the entry and what was expected."""
    try:
        text = path.read_text(encoding='utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else 'not a text file'
        raise ConfigError(f'{path}: cannot be read ({reason}), {_EXPECTED}') from None
    try:
        rows = json.loads(text) if path.suffix == '.json' else list(csv.DictReader(text.splitlines()))
    except (ValueError, csv.Error) as error:
        raise ConfigError(f'{path}: {error}, {_EXPECTED}') from None
    if not isinstance(rows, list) or not rows:
        raise ConfigError(f'{path}: holds no list of events, {_EXPECTED}')
    return [_event(path, number, row) for number, row in enumerate(rows, start=1)]


def _event(path: Path, number: int, row: Any) -> Event:
    if not isinstance(row, Mapping) or not {'start', 'end', 'kind'} <= row.keys():
        raise ConfigError(f'{path}, event {number}: {row}, {_EXPECTED}')
    try:
        start, end = float(row['start']), float(row['end'])
    except (TypeError, ValueError):
        raise ConfigError(f"{path}, event {number}: '{row['start']}' to '{row['end']}', {_EXPECTED}") from None
    if not (0.0 <= start < end and math.isfinite(end)):
        raise ConfigError(f'{path}, event {number}: from {start:g} to {end:g} s, expected 0 or more, and the end later')
    return Event(start=start, end=end, kind=str(row['kind']).strip())
