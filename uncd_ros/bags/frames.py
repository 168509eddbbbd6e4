# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera's images in a bag, one after another, each with its labels and the way back to its message."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncd_ros.bags.labels import Labels, nanoseconds
from uncd_ros.bags.reader import Bag, BagMessage, decode
from uncd_ros.errors import ImageError
from uncd_ros.images.encodings import as_array


@dataclass(frozen=True, slots=True, kw_only=True)
class BagFrame:
    """One image of a bag, or what is wrong with it."""

    message: BagMessage
    stamp: int
    """Nanoseconds of its header; of the recorder where it has none that can be read."""
    header: Any
    """std_msgs/Header; None where it cannot be read."""
    image: NDArray[np.uint8] | None
    """(H, W, 3) RGB, perhaps a view into the message; None where `error` says why."""
    error: ImageError | None
    """Why the message holds no image; None if it does."""
    labels: NDArray[Any] | None
    """(H, W) ids as they were drawn; None where there are none, or `label_fault` says why."""
    label_fault: str
    read_seconds: float
    """Time that it took to decode."""


class FrameReader:
    """Every n-th image of a topic, in order of recording."""

    def __init__(self, bag: Bag, topic: str, labels: Labels | None, every: int) -> None:
        self.bag, self.topic, self.labels = bag, topic, labels
        self._every = every
        self.present = 0
        """Messages of the topic that were there, those left out among them; known at the end."""

    @property
    def expected(self) -> int:
        """Images that will come, as far as is known."""
        return -(-self.bag.topics[self.topic].count // self._every)

    @property
    def recorded_rate(self) -> float:
        """Images a second at which the topic was recorded; 0 for a single one."""
        seconds = self.bag.seconds
        return (self.bag.topics[self.topic].count - 1) / seconds if seconds else 0.0

    def __iter__(self) -> Iterator[BagFrame]:
        self.present = 0
        for message in self.bag.messages([self.topic]):
            self.present += 1
            if message.index % self._every == 0:
                yield _frame(message, self.labels, time.perf_counter())


def _frame(message: BagMessage, labels: Labels | None, start: float) -> BagFrame:
    stamp, header, image, fault = message.received, None, None, None
    try:
        content = decode(message)
        header, stamp = content.header, nanoseconds(content.header.stamp)
        image = as_array(content)
    except ImageError as error:
        fault = error
    ids, label_fault = _labels(labels, message.index, stamp)
    return BagFrame(
        message=message,
        stamp=stamp,
        header=header,
        image=image,
        error=fault,
        labels=ids,
        label_fault=label_fault,
        read_seconds=time.perf_counter() - start,
    )


def _labels(labels: Labels | None, index: int, stamp: int) -> tuple[NDArray[Any] | None, str]:
    """The ids, or what is wrong with them."""
    try:
        return (labels.find(index, stamp) if labels else None), ''
    except ImageError as error:
        return None, str(error)
