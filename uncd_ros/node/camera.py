# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One camera: its images on their way in, the answers on their way out, its counts and its flag."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from numpy.typing import NDArray
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from uncd_ros.errors import ImageError
from uncd_ros.images.encodings import as_array, is_grey
from uncd_ros.model.calibration_check import ImageProperties, calibration_mismatches
from uncd_ros.model.fallback_predictor import FallbackPredictor
from uncd_ros.model.predictor import Prediction
from uncd_ros.monitor.rate_limit import RateLimit
from uncd_ros.monitor.scene_monitor import SceneMonitor
from uncd_ros.node.mailbox import Mailbox
from uncd_ros.node.messages import seconds, stated_size
from uncd_ros.node.outputs import Answer, Outputs
from uncd_ros.node.qos import explain_incompatible_qos, explain_silence
from uncd_ros.node.status import camera_status
from uncd_ros.node.telemetry import Snapshot, Telemetry
from uncd_ros.node.worker import ActiveModel, Arrival
from uncd_ros.scores.confidence import abstain

DEPTH = 5
"""Images that DDS may keep: the mailbox sees each, keeps the newest and counts the rest.

A queue of one would overwrite images where nobody counts them.
"""


class Camera:
    """From its subscription to its topics. The executor's thread calls `_on_image`, the worker's all that follows."""

    def __init__(self, node: Node, name: str, serving: ActiveModel) -> None:
        self.name = name
        self._node, self._serving = node, serving
        self.topic = node.resolve_topic_name(self._topics(serving)[0][1])
        """The full name of its images."""
        self._subscriptions: list[Subscription[Any]] = []
        self._taking = threading.Lock()
        self._telemetry = Telemetry(time.monotonic())
        self._outputs = Outputs(node, name, serving.engine.card, serving.params.palette)

    def start(self, mailbox: 'Mailbox[Arrival]', serving: ActiveModel, group: CallbackGroup) -> None:
        """Take images in, and leave them in the mailbox; count and judge from the beginning."""
        self._mailbox, self._telemetry = mailbox, Telemetry(time.monotonic())
        self._monitor, self._alarms = SceneMonitor(serving.engine.card.ood, serving.params.timing), 0
        self._limit = RateLimit()
        self._fault: str | None = None
        self._image_properties: ImageProperties | None = None
        self._info: CameraInfo | None = None
        self._max_rate = serving.params.max_rate
        self._apply_settings(serving)
        self._subscriptions = [
            self._node.create_subscription(
                kind,
                topic,
                take,
                QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT),
                callback_group=group,
                event_callbacks=explain_incompatible_qos(self._node, topic),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
            for kind, topic, take in self._topics(serving)
        ]

    def explain_silence(self) -> str:
        """Why no image may come."""
        kind = 'Image' if self._serving.params.image_transport == 'raw' else 'CompressedImage'
        return explain_silence(self._node, self.topic, f'sensor_msgs/msg/{kind}')

    def stop(self) -> None:
        """Take no more images in."""
        for each in self._subscriptions:
            self._node.destroy_subscription(each)
        self._subscriptions.clear()
        with self._taking:  # an image that is just coming in is left in the mailbox, or counted as lost
            pass

    def destroy(self) -> None:
        """Take the topics down."""
        self._outputs.destroy()

    def limit(self, max_rate: float) -> None:
        """Take this many images per second at most from now on; 0 is no limit."""
        self._max_rate = max_rate

    def counts(self) -> Snapshot:
        """What became of its images so far."""
        return self._telemetry.snapshot(time.monotonic())

    def dropped(self) -> None:
        """An image of it was given up."""
        self._telemetry.dropped()

    def status(self, counts: Snapshot, engine: FallbackPredictor) -> tuple[DiagnosticStatus, list[str]]:
        """For the diagnostics: how it is served, and what is not as the model was calibrated, a sentence each."""
        status = camera_status(
            f'segmentation: {self.name} images' if self.name else 'segmentation: images',
            counts,
            topic=self.topic,
            device=engine.device_name,
            model=engine.card.name,
            alarms=self._alarms,
            fault=self._fault,
        )
        return status, calibration_mismatches(engine.card, precision=engine.precision, image=self._image_properties)

    def read(self, arrival: Arrival, serving: ActiveModel) -> NDArray[np.uint8] | None:
        """(H, W, 3) RGB, or None for an image that cannot be read, which is told and counted."""
        try:
            if serving is not self._serving:
                self._apply_settings(serving)
            return self._decode(arrival.msg)
        except Exception as error:
            self.failed(error)
            return None

    def needs_confidence(self) -> bool:
        """Whether anybody listens to the confidence of its pixels, or labels are held to it."""
        return self._serving.params.abstain_confidence > 0.0 or self._outputs.is_wanted('confidence')

    def answer(self, arrival: Arrival, image: NDArray[np.uint8], found: Prediction) -> bool:
        """Judge, publish; False if that failed, which is told and counted."""
        header, info = arrival.msg.header, self._info
        try:
            if found.confidence is not None:
                abstain(found.labels, found.confidence, self._serving.params.abstain_confidence)
            decision = self._monitor.update(
                image,
                found.score,
                stamp=seconds(header.stamp),
                arrival=arrival.time,
                stated_size=stated_size(info) if info else None,
            )
            self._fault, self._alarms = decision.fault or None, decision.alarms
            answer = Answer(
                header=header, image=image, prediction=found, decision=decision, fault=self._fault, info=info
            )
            self._outputs.publish(answer)
        except Exception as error:
            self.failed(error)
            return False
        return True

    def finished(self, arrival: Arrival, stages: Mapping[str, float]) -> None:
        """An image was answered; `stages` are the seconds since the worker took it."""
        latency = time.monotonic() - arrival.time
        before = {'receive': arrival.age, 'wait': latency - sum(stages.values())}
        self._telemetry.finished(latency, before | dict(stages) | {'end_to_end': arrival.age + latency})

    def failed(self, error: Exception) -> None:
        """Something went wrong with an image. That must not end the stream: it is told and counted."""
        if not self._node.context.ok():  # the process ends; there is nowhere to publish to
            self._telemetry.dropped()
            return
        self._telemetry.failed()
        kind = '' if isinstance(error, ImageError) else f'{type(error).__name__}: '
        self._node.get_logger().error(f'{kind}{error}', throttle_duration_sec=5.0)

    def _topics(self, serving: ActiveModel) -> list[tuple[type, str, Callable[[Any], None]]]:
        """What to subscribe to, the images first: type, name, callback."""
        prefix = f'{self.name}/' if self.name else ''
        if serving.params.image_transport == 'raw':
            images: tuple[type, str, Callable[[Any], None]] = (Image, f'{prefix}image_raw', self._on_image)
        else:
            images = (CompressedImage, f'{prefix}image_raw/compressed', self._on_image)
        return [images, (CameraInfo, f'{prefix}camera_info', self._on_camera_info)]

    def _on_image(self, msg: Image | CompressedImage) -> None:
        now, clock = time.monotonic(), self._node.get_clock().now().nanoseconds * 1e-9
        arrival = Arrival(camera=self, msg=msg, time=now, age=clock - seconds(msg.header.stamp))
        with self._taking:
            self._telemetry.arrived(now)
            if not (self._limit.admits(now, self._max_rate) and self._mailbox.put(self.name, arrival)):
                self._telemetry.dropped()

    def _on_camera_info(self, info: CameraInfo) -> None:
        self._info = info

    def _apply_settings(self, serving: ActiveModel) -> None:
        """Judge and draw as `serving` says."""
        card, params = serving.engine.card, serving.params
        self._monitor.reconfigure(card.ood, params.timing)
        self._outputs.serve(card, params.palette)
        self._serving = serving

    def _decode(self, msg: Image | CompressedImage) -> NDArray[np.uint8]:
        try:
            image = as_array(msg)
        except ImageError as error:
            self._blame(msg, error)
            raise
        encoding = msg.encoding if isinstance(msg, Image) else msg.format
        height, width = image.shape[:2]
        self._image_properties = ImageProperties(height=height, width=width, encoding=encoding, is_grey=is_grey(msg))
        return image

    def _blame(self, msg: Image | CompressedImage, error: ImageError) -> None:
        """A camera that sends what is no image is faulty: its flag must not stay down for want of a score."""
        decision = self._monitor.update(error, float('nan'), stamp=seconds(msg.header.stamp), arrival=time.monotonic())
        self._fault, self._alarms = decision.fault, decision.alarms
        self._outputs.decide(msg.header, decision, self._fault)
