# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One camera while the node is active: its images on their way in, the results on their way out, and its flag."""

import threading
import time
from collections.abc import Callable
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from uncd_ros.errors import ImageError
from uncd_ros.images.camera_info import CameraInfos
from uncd_ros.model.calibration_check import calibration_mismatches
from uncd_ros.monitor.rate_limit import RateLimit
from uncd_ros.node.decisions import Decisions
from uncd_ros.node.messages import seconds
from uncd_ros.node.outputs import Outputs
from uncd_ros.node.params import NodeParams
from uncd_ros.node.qos import explain_incompatible_qos, explain_silence
from uncd_ros.node.status import camera_status
from uncd_ros.node.telemetry import Snapshot, Telemetry
from uncd_ros.node.worker import ActiveModel, Arrival, Result, Worker
from uncd_ros.scores.confidence import abstain

DEPTH = 5
"""Images that DDS may keep: the mailbox sees each, keeps the newest and counts the rest.

A queue of one would overwrite images where nobody counts them.
"""


class Camera:
    """From its subscription to its topics; lives from activation to deactivation.

    The executor's thread calls `_on_image`, `_on_camera_info` and `on_stall`, the worker's `on_result`.
    """

    def __init__(self, node: Node, name: str, outputs: Outputs, worker: Worker, group: CallbackGroup) -> None:
        """Takes images in at once; `name` is empty for the only camera, `outputs` are its topics."""
        active = worker.active
        self.name = name
        self._node, self._outputs, self._worker, self._active = node, outputs, worker, active
        # The model and the parameters may have changed while there was no camera.
        outputs.reconfigure(active.predictor.card, active.params, node.get_clock().now().to_msg())
        self._telemetry = Telemetry(time.monotonic())
        self._limit = RateLimit()
        self._infos: CameraInfos[CameraInfo] = CameraInfos()
        self._decisions = Decisions(outputs, active)
        self._taking = threading.Lock()
        """Held while an image is left in the mailbox."""
        subscribed = _topics(name, active.params)
        self.topic = node.resolve_topic_name(subscribed[0][1])
        """The full name of its images."""
        callbacks: tuple[Callable[[Any], None], ...] = (self._on_image, self._on_camera_info)
        self._subscriptions: list[Subscription[Any]] = [
            node.create_subscription(
                kind,
                topic,
                callback,
                QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT),
                callback_group=group,
                event_callbacks=explain_incompatible_qos(node, topic),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
            for (kind, topic), callback in zip(subscribed, callbacks, strict=True)
        ]

    def explain_silence(self) -> str:
        """Why no image may come."""
        kind = 'Image' if self._active.params.image_transport == 'raw' else 'CompressedImage'
        return explain_silence(self._node, self.topic, f'sensor_msgs/msg/{kind}')

    def stop(self) -> None:
        """Take no more images in."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()
        with self._taking:  # an image that is just coming in is left in the mailbox, or counted as lost
            pass

    def counts(self) -> Snapshot:
        """What became of its images so far."""
        return self._telemetry.snapshot(time.monotonic())

    def status(self, counts: Snapshot, active: ActiveModel, stall: str) -> tuple[DiagnosticStatus, list[str]]:
        """For the diagnostics: how it is doing, and what is not as the model was calibrated, a sentence each.

        `stall` is why no image is worked on; empty if all is well.
        """
        state, predictor = self._decisions.state, active.predictor
        status = camera_status(
            f'segmentation: {self.name} images' if self.name else 'segmentation: images',
            counts,
            state,
            topic=self.topic,
            predictor=predictor,
            stall=stall,
        )
        image = state.image_properties
        return status, calibration_mismatches(predictor.card, precision=predictor.precision, image=image)

    def on_dropped(self) -> None:
        """See `worker.Sender`."""
        self._telemetry.dropped()

    def on_stall(self, reason: str) -> None:
        """No image is worked on: raise the flag at once, and say why."""
        self._decisions.on_stall(Header(stamp=self._node.get_clock().now().to_msg()), reason)

    def on_result(self, result: Result) -> None:
        """Decide, publish and count; see `worker.Sender`. What fails is logged and counted, and ends nothing."""
        try:
            if result.active is not self._active:
                self._apply_settings(result.active, result.arrival.msg.header.stamp)
            self._publish(result)
        except Exception as error:
            self._failed(error)
            return
        result.watch.lap('publish')
        arrival, stages = result.arrival, result.watch.seconds
        latency = time.monotonic() - arrival.time
        before = {'receive': arrival.age, 'wait': latency - sum(stages.values())}
        self._telemetry.finished(latency, before | stages | {'end_to_end': arrival.age + latency})

    def _on_image(self, msg: Image | CompressedImage) -> None:
        now, clock = time.monotonic(), self._node.get_clock().now().nanoseconds * 1e-9
        arrival = Arrival(
            camera=self,
            msg=msg,
            time=now,
            age=clock - seconds(msg.header.stamp),
            wants_confidence=self._outputs.is_wanted('confidence'),
        )
        with self._taking:
            self._telemetry.arrived(now)
            admitted = self._limit.admits(now, self._worker.active.params.max_rate)
            if not (admitted and self._worker.mailbox.put(self.name, arrival)):
                self._telemetry.dropped()

    def _on_camera_info(self, info: CameraInfo) -> None:
        self._infos.add(info)

    def _apply_settings(self, active: ActiveModel, since: Time) -> None:
        """From the image with stamp `since` on, decide and draw by these."""
        self._decisions.reconfigure(active)
        self._outputs.reconfigure(active.predictor.card, active.params, since)
        self._active = active

    def _publish(self, result: Result) -> None:
        """The decision in any case, then the images of the prediction. Raises the error that came in its place."""
        header, image, prediction = result.arrival.msg.header, result.image, result.prediction
        matched = self._infos.match(header.stamp)
        decision = self._decisions.on_result(result, matched)
        if isinstance(prediction, Exception):
            raise prediction
        if matched.misses(image.shape[:2]):
            self._node.get_logger().warning(
                f'camera_info of another stamp states {matched.stated_size} (height, width),'
                f' the image on {self.topic} is {image.shape[:2]}: it is scaled',
                throttle_duration_sec=10.0,
            )
        if prediction.confidence is not None:
            abstain(prediction.labels, prediction.confidence, self._active.params.abstain_confidence)
        self._outputs.publish_images(header, image, prediction, matched.info, is_ood=decision.is_ood)

    def _failed(self, error: Exception) -> None:
        """Something went wrong with an image. That must not end the stream: it is logged and counted."""
        if not self._node.context.ok():  # the process ends; there is nowhere to publish to
            self._telemetry.dropped()
            return
        self._telemetry.failed()
        kind = '' if isinstance(error, ImageError) else f'{type(error).__name__}: '
        self._node.get_logger().error(f'{kind}{error}', throttle_duration_sec=5.0)


def _topics(name: str, params: NodeParams) -> tuple[tuple[type, str], tuple[type, str]]:
    """Types and names of a camera's images and of its camera_info."""
    prefix = f'{name}/' if name else ''
    info = (CameraInfo, f'{prefix}camera_info')
    if params.image_transport == 'raw':
        return (Image, f'{prefix}image_raw'), info
    return (CompressedImage, f'{prefix}image_raw/compressed'), info
