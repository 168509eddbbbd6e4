# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to camera and node together, checks each result against its image, keeps samples of both."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Bool, Float32, Header

from uncd_ros.images.channels import contiguous_bgr
from uncd_ros.images.contact_sheet import SheetRow
from uncd_ros.images.encodings import as_array
from uncd_ros.node.names import status_name, status_values
from uncd_ros.node.samples import Parts, Samples, obstacle_boxes

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


class Recorder(Node):
    """Subscribes to everything; the overlay goes to files at once, the rest into counts and a few samples."""

    def __init__(self, overlays: Path, *, samples: int) -> None:
        super().__init__('recorder')
        self.messages: Counter[str] = Counter()
        """Messages by topic, heartbeats of the flag among them."""
        self.node_status: dict[str, str] = {}
        """The latest /diagnostics of the perception node."""
        self.problems = Problems()
        """All that was not OK in its /diagnostics since it received the first image, and before the camera ended."""
        self.camera_ended = False
        """To be set: from then on a silent camera is no problem."""
        self.latencies: list[float] = []
        """Seconds from the stamp of an image to the arrival of its mask here."""
        self.mask_times: list[float] = []
        """Seconds, steady clock, of each mask's arrival."""
        self.scores: list[float] = []
        self.flags: list[bool] = []
        self.obstacles: list[int] = []
        """How many were in the image. All by image, in order."""
        self._overlays = overlays
        self.images: dict[Key, Size] = {}
        self.masks: dict[Key, Size] = {}
        self._parts: dict[Key, Parts] = {}
        self._samples = Samples(samples)
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
        """Some images in order, and each at which the flag rose, as rows of a contact sheet."""
        start = min((stamp for stamp, _ in self.images), default=0)
        return self._samples.rows(start)

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
        self.obstacles.append(len(obstacle_boxes(values)))
        self._part(msg.header).status = values | {'reason': msg.status[0].message}
        self._sample(msg.header)

    def _on_overlay(self, msg: Image) -> None:
        path = self._overlays / f'{self.messages[OVERLAY]:06d}.jpg'
        cv2.imwrite(str(path), contiguous_bgr(as_array(msg)))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        values = status_values(msg, IMAGES_STATUS)
        if not values:
            return
        self.node_status = values
        if int(values['received']) and not self.camera_ended:  # that there is no image is no news then
            for status in msg.status:
                self.problems.add(status)

    def _part(self, header: Header) -> Parts:
        parts = self._parts.setdefault(_key(header), Parts())
        while len(self._parts) > PENDING:  # the images that the node dropped
            del self._parts[next(iter(self._parts))]
        return parts

    def _sample(self, header: Header) -> None:
        key = _key(header)
        if key in self._parts and self._parts[key].complete():
            self._samples.add(key[0], self._parts.pop(key))


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


class Problems:
    """What /diagnostics reported as WARN or ERROR, each once: its latest message, how bad it was and how often."""

    def __init__(self) -> None:
        self._reports: dict[str, list[DiagnosticStatus]] = {}

    def add(self, status: DiagnosticStatus) -> None:
        """Take one status of one report."""
        if status.level != DiagnosticStatus.OK:
            self._reports.setdefault(status.name, []).append(status)

    def summary(self) -> list[dict[str, Any]]:
        """For summary.json."""
        names = {DiagnosticStatus.WARN: 'WARN', DiagnosticStatus.ERROR: 'ERROR', DiagnosticStatus.STALE: 'STALE'}
        return [
            {
                'name': name,
                'level': names[max(status.level for status in reports)],
                'message': max(reversed(reports), key=lambda status: status.level).message,
                'reports': len(reports),
            }
            for name, reports in self._reports.items()
        ]


def _key(header: Header) -> Key:
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec, header.frame_id


def _values(msg: DiagnosticArray) -> dict[str, str]:
    return {pair.key: pair.value for pair in msg.status[0].values}
