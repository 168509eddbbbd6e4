# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to camera and node together, checks each result against its image, keeps samples of both."""

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
from uncd_ros.node.names import status_name, status_values

T = TypeVar('T')
CAMERA, DIAGNOSTICS = '/image_raw', '/diagnostics'
MASK, UNCERTAINTY, OVERLAY, OOD, OOD_SCORE, OOD_STATUS = (
    f'/segmentation/{name}' for name in ('mask', 'uncertainty', 'overlay', 'ood', 'ood_score', 'ood_status')
)
IMAGES_STATUS = status_name('/segmentation', 'images')
Key = tuple[int, str]
"""Stamp in nanoseconds, and frame, of a header."""
Size = tuple[int, int]
"""Height and width in pixels."""
DEPTH = 50
"""Messages that may wait for the recorder; it asks for every one."""
PENDING = 50
"""Images whose results may be incomplete at a time."""
Spin = Callable[[Callable[[], bool], float], None]
"""Listens until a condition holds, or some seconds have passed."""


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
        """Messages by topic, heartbeats of the flag among them."""
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
        for topic, kind, callback in self._topics():
            self.create_subscription(kind, topic, self._counted(topic, callback), DEPTH)

    def _topics(self) -> list[tuple[str, type, Callable[[Any], None]]]:
        return [
            (CAMERA, Image, self._on_image),
            (MASK, Image, self._on_mask),
            (UNCERTAINTY, Image, self._on_uncertainty),
            (OVERLAY, Image, self._on_overlay),
            (OOD, Bool, lambda _: None),
            (OOD_SCORE, Float32, lambda _: None),
            (OOD_STATUS, DiagnosticArray, self._on_status),
            (DIAGNOSTICS, DiagnosticArray, self._on_diagnostics),
        ]

    def _counted(self, topic: str, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        def counted(msg: Any) -> None:
            self.messages[topic] += 1
            callback(msg)

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

    def _on_image(self, msg: Image) -> None:
        self.images[_key(msg.header)] = (msg.height, msg.width)
        self._part(msg.header).image = msg
        self._sample(msg.header)

    def _on_mask(self, msg: Image) -> None:
        self.mask_times.append(time.monotonic())
        self.latencies.append((time.time_ns() - _key(msg.header)[0]) / 1e9)
        self.masks[_key(msg.header)] = (msg.height, msg.width)
        self._part(msg.header).mask = msg
        self._sample(msg.header)

    def _on_uncertainty(self, msg: Image) -> None:
        self._part(msg.header).uncertainty = msg
        self._sample(msg.header)

    def _on_status(self, msg: DiagnosticArray) -> None:
        values = _values(msg)
        if values['heartbeat'] == 'True':  # of no image
            return
        self.flags.append(values['is_ood'] == 'True')
        self.scores.append(float(values['score']))
        self._part(msg.header).status = values | {'reason': msg.status[0].message}
        self._sample(msg.header)

    def _on_overlay(self, msg: Image) -> None:
        bgr = np.ascontiguousarray(as_array(msg)[..., ::-1])
        cv2.imwrite(str(self._overlays / f'{self.messages[OVERLAY]:06d}.jpg'), bgr)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        self.node_status = status_values(msg, IMAGES_STATUS) or self.node_status

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
    """A recorder, and a way to let it listen until a condition holds or some seconds have passed."""
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
    mismatches = []
    for (stamp, frame), size in masks.items():
        expected = images.get((stamp, frame))
        if expected is None:
            mismatches.append(f"mask stamped {stamp} ns in frame '{frame}': no camera image has this header")
        elif size != expected:
            mismatches.append(f'mask stamped {stamp} ns is {size[1]}x{size[0]}, expected {expected[1]}x{expected[0]}')
    return mismatches


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


def _key(header: Header) -> Key:
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec, header.frame_id


def _values(msg: DiagnosticArray) -> dict[str, str]:
    return {pair.key: pair.value for pair in msg.status[0].values}


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
