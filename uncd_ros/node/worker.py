# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread that works on the newest image of each camera, all cameras in one pass of the network."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor_msgs.msg import CompressedImage, Image

from uncd_ros.model.fallback_predictor import FallbackPredictor
from uncd_ros.node.mailbox import Mailbox
from uncd_ros.node.params import NodeParams
from uncd_ros.stopwatch import Stopwatch

if TYPE_CHECKING:
    from uncd_ros.node.camera import Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveModel:
    """What images are worked on with; exchanged whole, between two batches."""

    engine: FallbackPredictor
    params: NodeParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A camera image and when it came."""

    camera: 'Camera'
    msg: Image | CompressedImage
    time: float
    """Seconds, steady clock."""
    age: float
    """Seconds since its stamp, by the node's clock."""


class Worker:
    """Runs from its making until it is closed."""

    def __init__(self, serving: ActiveModel) -> None:
        self.serving = serving
        """With what the next batch is worked on; may be exchanged at any time."""
        self.mailbox: Mailbox[Arrival] = Mailbox()
        self._thread = threading.Thread(target=self._run, name='inference', daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let it finish the images it has; those that wait are dropped."""
        for arrival in self.mailbox.close():
            arrival.camera.dropped()
        self._thread.join()

    def _run(self) -> None:
        while arrivals := self.mailbox.get():
            self._serve(arrivals, self.serving)

    def _serve(self, arrivals: list[Arrival], serving: ActiveModel) -> None:
        watch = Stopwatch()
        images = [(arrival, arrival.camera.read(arrival, serving)) for arrival in arrivals]
        readable = [(arrival, image) for arrival, image in images if image is not None]
        watch.lap('convert')
        if not readable:
            return
        try:
            confidence = any(arrival.camera.needs_confidence() for arrival, _ in readable)
            found = serving.engine.predict([image for _, image in readable], watch, confidence=confidence)
        except Exception as error:
            for arrival, _ in readable:
                arrival.camera.failed(error)
            return
        for (arrival, image), prediction in zip(readable, found, strict=True):
            if arrival.camera.answer(arrival, image, prediction):
                watch.lap('publish')
                arrival.camera.finished(arrival, watch.seconds)
