# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to camera and node together, checks each answer against its image, keeps samples of both."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from numpy.typing import NDArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Bool, Float32, Header

from uncd_ros.images.contact_sheet import SheetRow
from uncd_ros.images.encodings import as_array

T = TypeVar('T')
CAMERA, DIAGNOSTICS = '/image_raw', '/diagnostics'
MASK, UNCERTAINTY, OVERLAY, OOD, OOD_SCORE, OOD_STATUS = (
    f'/segmentation/{name}' for name in ('mask', 'uncertainty', 'overlay', 'ood', 'ood_score', 'ood_status')
)
Key = tuple[int, str]
"""Stamp in nanoseconds, and frame, of a header."""
Size = tuple[int, int]
"""Height and width in pixels."""
DEPTH = 50
"""Messages that may wait for the recorder; it asks for every one."""
PENDING = 50
"""Images whose answers may be incomplete at a time."""
Spin = Callable[[Callable[[], bool], float], None]
"""Listens until a condition holds, or some seconds have gone."""


@dataclass(slots=True)
class _Parts:
    """What has come so far for one camera image."""

    image: Image | None = None
    mask: Image | None = None
    uncertainty: Image | None = None
    status: dict[str, str] = field(default_factory=dict)

    def complete(self) -> bool:
        return None not in (self.image, self.mask, self.uncertainty) and bool(self.status)


class Recorder(Node):
    """Subscribes to everything; the overlay goes to files at once, the rest into counts and a few samples."""

    def __init__(self, overlays: Path, *, samples: int) -> None:
        super().__init__('recorder')
        self.messages: Counter[str] = Counter()
        """Messages by topic."""
        self.node_status: dict[str, str] = {}
        """The latest /diagnostics of the perception node."""
        self.latencies: list[float] = []
        """Seconds from the stamp of an image to the arrival of its mask here."""
        self.mask_times: list[float] = []
        """Seconds, steady clock, of each mask's arrival."""
        self.scores: list[float] = []
        self.flags: list[bool] = []
        """By image, in order."""
        self._overlays = overlays
        self.images: dict[Key, Size] = {}
        self.masks: dict[Key, Size] = {}
        self._parts: dict[Key, _Parts] = {}
        self._samples: Thinned[tuple[int, _Parts]] = Thinned(samples)
        for topic, kind, take in self._topics():
            self.create_subscription(kind, topic, self._counted(topic, take), DEPTH)

    def _topics(self) -> list[tuple[str, type, Callable[[Any], None]]]:
        return [
            (CAMERA, Image, self._take_image),
            (MASK, Image, self._take_mask),
            (UNCERTAINTY, Image, self._take_uncertainty),
            (OVERLAY, Image, self._take_overlay),
            (OOD, Bool, lambda msg: self.flags.append(msg.data)),
            (OOD_SCORE, Float32, lambda msg: self.scores.append(msg.data)),
            (OOD_STATUS, DiagnosticArray, self._take_status),
            (DIAGNOSTICS, DiagnosticArray, self._take_diagnostics),
        ]

    def _counted(self, topic: str, take: Callable[[Any], None]) -> Callable[[Any], None]:
        def counted(msg: Any) -> None:
            self.messages[topic] += 1
            take(msg)

        return counted

    def connected(self) -> bool:
        """Whether the node publishes all its topics and listens to the camera."""
        topics = [topic for topic, _, _ in self._topics() if topic != CAMERA]
        others = self.count_subscribers(CAMERA) - 1
        return others > 0 and all(self.count_publishers(topic) for topic in topics)

    def rows(self) -> list[SheetRow]:
        """The samples, in order, as rows of a contact sheet."""
        start = min((stamp for stamp, _ in self.images), default=0)
        return [_sheet_row(parts, (stamp - start) / 1e9) for stamp, parts in self._samples.items()]

    def _take_image(self, msg: Image) -> None:
        self.images[_key(msg.header)] = (msg.height, msg.width)
        self._part(msg.header).image = msg
        self._sample(msg.header)

    def _take_mask(self, msg: Image) -> None:
        self.mask_times.append(time.monotonic())
        self.latencies.append((time.time_ns() - _key(msg.header)[0]) / 1e9)
        self.masks[_key(msg.header)] = (msg.height, msg.width)
        self._part(msg.header).mask = msg
        self._sample(msg.header)

    def _take_uncertainty(self, msg: Image) -> None:
        self._part(msg.header).uncertainty = msg
        self._sample(msg.header)

    def _take_status(self, msg: DiagnosticArray) -> None:
        self._part(msg.header).status = _values(msg) | {'reason': msg.status[0].message}
        self._sample(msg.header)

    def _take_overlay(self, msg: Image) -> None:
        bgr = np.ascontiguousarray(as_array(msg)[..., ::-1])
        cv2.imwrite(str(self._overlays / f'{self.messages[OVERLAY]:06d}.jpg'), bgr)

    def _take_diagnostics(self, msg: DiagnosticArray) -> None:
        if msg.status[0].name == 'segmentation: images':
            self.node_status = _values(msg)

    def _part(self, header: Header) -> _Parts:
        parts = self._parts.setdefault(_key(header), _Parts())
        while len(self._parts) > PENDING:  # the images that the node dropped
            del self._parts[next(iter(self._parts))]
        return parts

    def _sample(self, header: Header) -> None:
        key = _key(header)
        if key in self._parts and self._parts[key].complete():
            self._samples.add((key[0], self._parts.pop(key)))


@contextmanager
def recording(overlays: Path, *, samples: int) -> Iterator[tuple[Recorder, Spin]]:
    """A recorder, and a way to let it listen until a condition holds or some seconds have gone."""
    rclpy.init()
    recorder = Recorder(overlays, samples=samples)
    executor = SingleThreadedExecutor()
    executor.add_node(recorder)

    def spin(condition: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.05)

    try:
        yield recorder, spin
    finally:
        executor.shutdown()
        recorder.destroy_node()
        rclpy.try_shutdown()


def mask_mismatches(images: Mapping[Key, Size], masks: Mapping[Key, Size]) -> list[str]:
    """What is wrong with the masks: a header that no camera image had, or another size; a line each."""
    found = []
    for (stamp, frame), size in masks.items():
        expected = images.get((stamp, frame))
        if expected is None:
            found.append(f"mask stamped {stamp} ns in frame '{frame}': no camera image has this header")
        elif size != expected:
            found.append(f'mask stamped {stamp} ns is {size[1]}x{size[0]}, expected {expected[1]}x{expected[0]}')
    return found


class Thinned(Generic[T]):
    """Keeps evenly spaced ones of a stream of unknown length: when it is full, every other one goes."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._stride = 1
        self._seen = 0
        self._kept: list[T] = []

    def add(self, item: T) -> None:
        """Take the next one, or leave it."""
        if self._seen % self._stride == 0:
            self._kept.append(item)
        if len(self._kept) > 4 * self._wanted:
            self._kept = self._kept[::2]
            self._stride *= 2
        self._seen += 1

    def items(self) -> list[T]:
        """As many as were wanted, or all if there were fewer."""
        if len(self._kept) <= self._wanted:
            return self._kept
        return [self._kept[i] for i in np.linspace(0, len(self._kept) - 1, self._wanted).round().astype(int)]


def _key(header: Header) -> Key:
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec, header.frame_id


def _values(msg: DiagnosticArray) -> dict[str, str]:
    return {each.key: each.value for each in msg.status[0].values}


def _sheet_row(parts: _Parts, seconds: float) -> SheetRow:
    score, threshold = float(parts.status['score']), float(parts.status['threshold'])
    assert parts.image and parts.mask and parts.uncertainty
    return SheetRow(
        image=np.ascontiguousarray(as_array(parts.image)),
        labels=_single(parts.mask, np.uint8),
        uncertainty=_single(parts.uncertainty, np.float32),
        caption=f'{seconds:.1f} s    score {score:.3f}, threshold {threshold:.3f}: {parts.status["reason"]}',
        is_ood=parts.status['is_ood'] == 'True',
    )


def _single(msg: Image, dtype: type) -> NDArray[Any]:
    return np.frombuffer(msg.data, dtype).reshape(msg.height, msg.width)
