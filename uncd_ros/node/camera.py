# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One camera while the node is active: its images on their way in, the results on their way out, and its flag."""

import math
import threading
import time

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]  # its home in Humble and since
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from uncd_ros.errors import ImageError
from uncd_ros.images.camera_info import CameraInfos
from uncd_ros.model.calibration_check import Mismatch, calibration_mismatches
from uncd_ros.monitor.rate_limit import RateLimit
from uncd_ros.monitor.scene_monitor import silence_reason
from uncd_ros.monitor.stamp_check import StampCheck
from uncd_ros.node.decisions import BEAT, Decisions
from uncd_ros.node.messages import seconds
from uncd_ros.node.names import camera_topics, status_name
from uncd_ros.node.outputs import Outputs
from uncd_ros.node.planner_images import needs_confidence, planner_images
from uncd_ros.node.status import CameraFacts, camera_status, explain_losses
from uncd_ros.node.subscription import AdaptiveSubscription
from uncd_ros.node.telemetry import Snapshot, Telemetry
from uncd_ros.node.worker import ActiveModel, Arrival, Result, Worker


class Camera:
    """From its subscription to its topics; lives from activation to deactivation.

    The executor's thread calls `_on_image`, `_on_camera_info` and `_beat`, the worker's `needs_confidence` and
    `on_result`.
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
        self._stamps, self._stamp_fault = StampCheck(), ''
        """What is wrong with the stamp of the latest image; empty if nothing is."""
        self._heard: float | None = None
        """When the latest image came, by the steady clock; None before the first."""
        self._decisions = Decisions(outputs, active)
        self._taking = threading.Lock()
        """Held while an image is left in the mailbox."""
        (kind, images), (info_kind, infos) = camera_topics(name, active.params.image_transport)
        self._images = AdaptiveSubscription(node, kind, images, self._on_image, group, self._telemetry.lost)
        self._subscriptions = (self._images, AdaptiveSubscription(node, info_kind, infos, self._on_camera_info, group))
        self.topic = self._images.topic
        """The full name of its images."""
        self._losses = ''
        """What the last check of the transport said of lost images; empty if they are few."""
        self._crowd = ''
        """Who else publishes on its topic, by the last check; empty if nobody does."""
        # A steady clock: a heartbeat goes on although simulated time stands still.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._heartbeat = node.create_timer(BEAT, self._beat, callback_group=group, clock=clock)
        self._beat()

    def check_transport(self, counts: Snapshot) -> None:
        """Ask for what the publishers offer by now, and log if images are lost. By the executor's thread."""
        for subscription in self._subscriptions:
            subscription.follow_publishers()
        self._losses = explain_losses(self.topic, counts)
        if self._losses:
            self._node.get_logger().warning(self._losses, throttle_duration_sec=10.0)
        before, self._crowd = self._crowd, self._images.explain_crowd()
        if self._crowd not in ('', before):
            self._node.get_logger().warning(self._crowd)

    def explain_silence(self) -> str:
        """Why no image may come."""
        return self._losses or self._images.explain_silence()

    def stop(self) -> None:
        """Take no more images in, and say no more without one."""
        self._node.destroy_timer(self._heartbeat)
        for subscription in self._subscriptions:
            subscription.destroy()
        with self._taking:  # an image that is just coming in is left in the mailbox, or counted as lost
            pass

    def end(self) -> str:
        """Once the worker has closed: say last that nobody watches; what became of all images, in one line."""
        if self._node.context.ok():  # else there is nowhere to publish to
            self._decisions.end()
        counts = self.counts()
        return (
            f'{self.name + ": " if self.name else ""}received {counts.received} images'
            f' = processed {counts.processed} + dropped {counts.dropped} + faults {counts.faults}'
            + (f' + unfinished {counts.unfinished}' if counts.unfinished else '')
            + f', lost {counts.lost}'
        )

    def counts(self) -> Snapshot:
        """What became of its images so far."""
        return self._telemetry.snapshot(time.monotonic())

    def status(self, counts: Snapshot, active: ActiveModel, stall: str) -> tuple[DiagnosticStatus, list[Mismatch]]:
        """For the diagnostics: how it is doing, and what is not as the model was calibrated.

        `stall` is why no image is worked on; empty if all is well.
        """
        state, predictor = self._decisions.take_state(), active.predictor
        if state.change:
            self._node.get_logger().warning(f'{self.topic}: {state.change}', throttle_duration_sec=10.0)
        passing = filter(None, (state.change, '' if state.fault else state.passing_fault))
        facts = CameraFacts(
            topic=self.topic,
            counts=counts,
            state=state,
            stall=stall,
            silence_cause=self.explain_silence() if counts.silence > active.params.silent_after else '',
            stamp_fault=self._stamp_fault,
            notes=(self._crowd, *(f'{self.topic}, a moment ago: {each}' for each in passing)),
        )
        name = status_name(self._node.get_fully_qualified_name(), 'images', self.name)
        status = camera_status(name, facts, predictor, active.params.silent_after)
        return status, calibration_mismatches(predictor.card, fit=active.params.fit, image=state.image_properties)

    def on_dropped(self) -> None:
        """See `worker.Sender`."""
        self._telemetry.dropped()

    def needs_confidence(self, arrival: Arrival, active: ActiveModel) -> bool:
        """See `worker.Sender`."""
        return needs_confidence(
            on_ood=active.params.on_ood,
            stays_up=self._decisions.stays_up(arrival),
            is_wanted=arrival.wants_confidence,
            abstain_confidence=active.params.abstain_confidence,
        )

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
        timed = {'wait': latency - sum(stages.values())} | stages
        if not math.isnan(arrival.age):
            timed = {'receive': arrival.age} | timed | {'end_to_end': arrival.age + latency}
        self._telemetry.finished(latency, timed)

    def _beat(self) -> None:
        """Say how the flag stands although no image says it."""
        now = time.monotonic()
        if reason := self._worker.stall(now) or self._silence(now):
            self._decisions.on_absence(reason)
        else:
            self._decisions.repeat(now)

    def _silence(self, now: float) -> str:
        """Whether the camera is silent after it has sent images, in a sentence; empty if not."""
        silence = 0.0 if self._heard is None else now - self._heard
        return silence_reason(silence) if silence > self._worker.active.params.silent_after else ''

    def _on_image(self, msg: Image | CompressedImage) -> None:
        now, clock = time.monotonic(), self._node.get_clock().now().nanoseconds * 1e-9
        if reason := self._silence(now):  # which ends just now, perhaps before a heartbeat noticed it
            self._decisions.on_absence(reason)
        self._heard = now
        stamp = seconds(msg.header.stamp)
        self._stamp_fault = self._stamps.check(stamp, clock, now)
        arrival = Arrival(
            camera=self,
            msg=msg,
            time=now,
            age=math.nan if self._stamp_fault else clock - stamp,
            wants_confidence=self._outputs.is_wanted('confidence'),
            wants_anomaly=self._outputs.wants_anomaly(),
        )
        with self._taking:
            self._telemetry.arrived(now)
            admitted = self._limit.admits(now, self._worker.active.params.max_rate)
            if not (admitted and self._worker.mailbox.put(self.name, arrival)):
                self._telemetry.dropped()

    def _on_camera_info(self, info: CameraInfo) -> None:
        self._infos.add(info, time.monotonic())

    def _apply_settings(self, active: ActiveModel, since: Time) -> None:
        """From the image with stamp `since` on, decide and draw by these."""
        self._decisions.reconfigure(active)
        self._outputs.reconfigure(active.predictor.card, active.params, since)
        self._active = active

    def _publish(self, result: Result) -> None:
        """The decision in any case, then the images of the prediction. Raises the error that came in its place."""
        header, image, prediction = result.arrival.msg.header, result.image, result.prediction
        size, params = image.shape[:2], self._active.params
        matched = self._infos.match(header.stamp, result.arrival.time)
        decision, obstacles = self._decisions.on_result(result, matched, time.monotonic())
        if isinstance(prediction, Exception):
            raise prediction
        if matched.misses(size):
            self._node.get_logger().warning(
                f'camera_info of another stamp states {matched.expected_size} (height, width),'
                f' the image on {self.topic} is {size}: it is scaled',
                throttle_duration_sec=10.0,
            )
        if matched.info is not None and matched.describes(size):
            self._outputs.publish_info(header, matched.info, size)
        images = planner_images(
            prediction,
            on_ood=params.on_ood,
            is_ood=decision.is_ood,
            abstain_confidence=params.abstain_confidence,
        )
        if images is not None:
            self._outputs.publish_planner_images(header, images)
        self._outputs.publish_anomaly(header, prediction.anomaly, obstacles)
        self._outputs.publish_overlay(header, image, prediction, obstacles, is_ood=decision.is_ood)

    def _failed(self, error: Exception) -> None:
        """Something went wrong with an image. That must not end the stream: it is logged and counted."""
        if not self._node.context.ok():  # the process ends; there is nowhere to publish to
            self._telemetry.dropped()
            return
        self._telemetry.failed()
        kind = '' if isinstance(error, ImageError) else f'{type(error).__name__}: '
        self._node.get_logger().error(f'{kind}{error}', throttle_duration_sec=5.0)
