# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that is not there: plays a video, a folder, a bag or the street on `image_raw`, raw or compressed."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]  # its home in Humble and since
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.task import Future
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from uncd_ros.images.codec import encode_jpeg
from uncd_ros.node.main_thread import MainThread
from uncd_ros.node.messages import ImageBuffer
from uncd_ros.node.node_help import NodeHelp, Topic
from uncd_ros.node.parameter import Parameter, declare, values_of
from uncd_ros.node.process import run
from uncd_ros.sources.frame_source import FrameSource, open_source

PARAMETERS = (
    Parameter(name='source', default='street', text="Video file, folder of images, bag, or 'street'."),
    Parameter(
        name='image_transport',
        default='raw',
        text='raw plays on image_raw, compressed as JPEG on image_raw/compressed.',
        choices=('raw', 'compressed'),
    ),
    Parameter(
        name='rate', default=0.0, text="0.0 is the source's own rate.", unit='images per second', low=0.0, high=1000.0
    ),
    Parameter(name='frames', default=0, text='Images to send at most; 0 is all.', low=0, high=1_000_000_000),
    Parameter(name='loop', default=False, text='Begin again at the end.'),
    Parameter(name='frame_id', default='camera_optical_frame', text='Frame of the camera, for the header.'),
    Parameter(name='subscribers', default=1, text='Subscribers to wait for before the first image.', low=0, high=100),
    Parameter(
        name='patience',
        default=30.0,
        text='Time to wait for them; then it plays all the same.',
        unit='seconds',
        low=0.0,
        high=3600.0,
    ),
)
HELP = NodeHelp(
    program='image_player',
    purpose='Plays images in the place of a camera, and ends with its source.',
    example='image_raw:=/camera/image_raw',
    parameters=PARAMETERS,
    subscribed=(),
    published=(
        Topic(name='image_raw', type='Image, bgr8', text='The images of the source, stamped as they are sent.'),
        Topic(name='image_raw/compressed', type='CompressedImage', text='Instead, if image_transport is compressed.'),
    ),
)
SETTLE = 0.5
"""Seconds between the last subscriber and the first image.

A publisher may know of a subscriber before that one knows of it; what is sent in between is lost.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerParams:
    """The parameters, as they stood when the player was made."""

    source: str
    image_transport: str
    """raw or compressed."""
    rate: float
    """Images per second; 0 is the source's own."""
    frames: int
    """0 is all."""
    loop: bool
    frame_id: str
    subscribers: int
    patience: float
    """Seconds."""


class ImagePlayer(Node):
    """Sends each image once, at a steady rate, and ends with the source."""

    def __init__(self) -> None:
        super().__init__('image_player')
        declare(self, PARAMETERS)
        self.finished: Future[None] = Future()
        self.main_thread = MainThread()
        self._params = PlayerParams(**values_of(self, PARAMETERS))
        self._source = open_source(self._params.source)
        self._frames = play(self._source, loop=self._params.loop, limit=self._params.frames)
        # Reliable with a short queue, as camera drivers publish: whoever asks for every image gets it.
        self._publisher: Publisher[Any] = (
            self.create_publisher(CompressedImage, 'image_raw/compressed', 10)
            if self._params.image_transport == 'compressed'
            else self.create_publisher(Image, 'image_raw', 10)
        )
        self._buffer = ImageBuffer('bgr8')
        self._sent = 0
        self._matched = False

    def start(self) -> bool:
        """Wait for those who are to see the first image, then play."""
        rate = self._params.rate or self._source.fps
        self._begin = time.monotonic() + self._params.patience
        # A steady clock: a camera goes on under simulated time, too.
        self.create_timer(1.0 / rate, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(
            f'{self._source.name} at {rate:g} images per second, waiting up to {self._params.patience:g} s'
            f' for {self._params.subscribers} subscriber(s) on {self._publisher.topic_name}'
        )
        return True

    def stop(self) -> None:
        """Say how many images were sent."""
        print(f'image_player: sent {self._sent} images', flush=True)

    def _tick(self) -> None:
        if self._waiting():
            return
        frame = next(self._frames, None)
        if frame is None:
            self._publisher.wait_for_all_acked(Duration(seconds=2))
            self.finished.set_result(None)
            return
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._params.frame_id)
        self._publisher.publish(self._message(header, frame))
        self._sent += 1

    def _message(self, header: Header, frame: NDArray[np.uint8]) -> Image | CompressedImage:
        if self._params.image_transport == 'raw':
            return self._buffer.fill(header, frame)
        return CompressedImage(header=header, format='bgr8; jpeg compressed bgr8', data=encode_jpeg(frame))

    def _waiting(self) -> bool:
        """Whether it is too early for the first image."""
        now = time.monotonic()
        if not self._matched and self._publisher.get_subscription_count() >= self._params.subscribers:
            self._matched = True
            self._begin = min(self._begin, now + SETTLE)
        return now < self._begin


def play(source: FrameSource, *, loop: bool, limit: int) -> Iterator[NDArray[np.uint8]]:
    """The frames of a source, over and over if `loop`, at most `limit` of them unless it is 0."""
    frames = chain.from_iterable(repeat(source)) if loop else iter(source)
    return islice(frames, limit or None)


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run(ImagePlayer, args, HELP)


if __name__ == '__main__':
    sys.exit(main())
