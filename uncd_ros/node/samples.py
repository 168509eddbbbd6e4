# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rows for the contact sheet of a stream: even ones, and those in which the flag rose or an obstacle appeared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from uncd_ros.images.contact_sheet import SheetRow, shrunk
from uncd_ros.images.encodings import as_array
from uncd_ros.images.palette import Box

T = TypeVar('T')
ALARMS = 24
"""Images at which the flag rose that are kept; the first ones."""
OBSTACLES = 3
"""Images in which obstacles appeared that are kept; the first ones."""


@dataclass(slots=True)
class Parts:
    """What has come so far for one camera image."""

    image: Image | None = None
    mask: Image | None = None
    uncertainty: Image | None = None
    status: dict[str, str] = field(default_factory=dict)
    """The values of ~/ood_status, and `reason`."""

    def complete(self) -> bool:
        """Whether all has come."""
        return None not in (self.image, self.mask, self.uncertainty) and bool(self.status)


class Samples:
    """Takes images in order, keeps a few."""

    def __init__(self, count: int) -> None:
        """`count` evenly spaced ones are wanted."""
        self._even: Thinned[tuple[int, Parts]] = Thinned(count)
        self._rises: dict[int, SheetRow] = {}
        self._alarms = 0
        self._appearances: dict[int, SheetRow] = {}
        self._boxes: tuple[Box, ...] = ()
        """Of the latest image."""

    def add(self, stamp: int, parts: Parts) -> None:
        """Take the next image, with all its parts; `stamp` in nanoseconds."""
        self._even.add((stamp, parts))
        alarms = int(parts.status['alarms'])
        if alarms > self._alarms and len(self._rises) < ALARMS:
            self._rises[stamp] = replace(_sheet_row(parts), alarm=alarms)
        self._alarms = alarms
        boxes = obstacle_boxes(parts.status)
        if len(boxes) > len(self._boxes) and len(self._appearances) < OBSTACLES:
            self._appearances[stamp] = _sheet_row(parts)
        self._boxes = boxes

    def rows(self, start: int) -> list[SheetRow]:
        """In order, with the seconds since `start`, a stamp in nanoseconds, before each caption."""
        rows = {stamp: _sheet_row(parts) for stamp, parts in self._even.items()} | self._appearances | self._rises
        times = {stamp: f'{(stamp - start) / 1e9:.1f} s' for stamp in rows}
        return [replace(row, caption=f'{times[stamp]}    {row.caption}') for stamp, row in sorted(rows.items())]


class Thinned(Generic[T]):
    """Keeps evenly spaced ones of a stream of unknown length: when it is full, every other one goes."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._stride = 1
        self._seen = 0
        self._kept: list[T] = []

    def add(self, item: T) -> None:
        """Take the next one, or leave it."""
        if self._seen % self._stride == 0:
            self._kept.append(item)
        if len(self._kept) > 4 * self._count:
            self._kept = self._kept[::2]
            self._stride *= 2
        self._seen += 1

    def items(self) -> list[T]:
        """As many as were asked for, or all if there were fewer."""
        if len(self._kept) <= self._count:
            return self._kept
        return [self._kept[i] for i in np.linspace(0, len(self._kept) - 1, self._count).round().astype(int)]


def _sheet_row(parts: Parts) -> SheetRow:
    score, threshold = float(parts.status['score']), float(parts.status['threshold'])
    assert parts.image and parts.mask and parts.uncertainty
    boxes = obstacle_boxes(parts.status)
    found = f' ({len(boxes)} obstacle{"s" if len(boxes) > 1 else ""})' if boxes else ''
    row = SheetRow(
        image=np.ascontiguousarray(as_array(parts.image)),
        labels=_single(parts.mask, np.uint8),
        uncertainty=_single(parts.uncertainty, np.float32),
        caption=f'score {score:.3f}, threshold {threshold:.3f}: {parts.status["reason"]}{found}',
        is_ood=parts.status['is_ood'] == 'True',
        boxes=boxes,
    )
    return shrunk(row)


def obstacle_boxes(status: Mapping[str, str]) -> tuple[Box, ...]:
    """Of the values of ~/ood_status; none where nobody looked."""
    return tuple((left, top, width, height) for left, top, width, height in json.loads(status.get('obstacles', '[]')))


def _single(msg: Image, dtype: type) -> NDArray[Any]:
    return np.frombuffer(msg.data, dtype).reshape(msg.height, msg.width)
