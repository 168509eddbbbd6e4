# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera images in; labels, uncertainty and an out-of-distribution flag out. Lifecycle and wiring only."""

import sys
import threading
import time
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]  # its home in Humble and since
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.logging import get_logger
from rclpy.qos import qos_profile_sensor_data
from rclpy.task import Future
from sensor_msgs.msg import Image

from uncd_ros.camera_health import CameraHealth
from uncd_ros.errors import ImageError, UncdError
from uncd_ros.images import as_array
from uncd_ros.mailbox import Mailbox
from uncd_ros.messages import NO_IMAGE_AFTER, diagnostics, seconds
from uncd_ros.model_store import load_model
from uncd_ros.ood import OodMonitor
from uncd_ros.outputs import Outputs
from uncd_ros.params import PERCEPTION, NodeParams, declare
from uncd_ros.predictor import Predictor
from uncd_ros.process import run
from uncd_ros.telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A camera image and when it came."""

    image: Image
    time: float
    """Seconds, steady clock."""


class PerceptionNode(LifecycleNode):
    """configure loads and warms up, activate starts, deactivate stops, cleanup frees.

    The executor's thread only takes images in; a thread of its own works on the newest one.
    """

    def __init__(self) -> None:
        super().__init__('segmentation')
        declare(self, PERCEPTION)
        self.finished: Future[None] = Future()
        self._worker: threading.Thread | None = None

    def start(self) -> bool:
        """Configure and activate, unless a lifecycle manager is to do it; False if that failed."""
        if not self.get_parameter('autostart').value:
            return True
        wanted = TransitionCallbackReturn.SUCCESS
        return bool(self.trigger_configure() == wanted and self.trigger_activate() == wanted)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and run it once, so that the first camera image need not wait."""
        try:
            params = NodeParams.read(self)
            model = load_model(params.model)
            rule = model.card.ood
            self._predictor = Predictor(model, device=params.device)
            self._predictor.warm_up()
        except UncdError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self._outputs = Outputs(self, model.card)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._params = params
        self.get_logger().info(f'model {model.card.name} from {model.folder} on {self._predictor.device_name}')
        if not rule.guaranteed(params.timing.false_alarm_rate):
            self.get_logger().warning(
                f'model {model.card.name} has too few independent calibration scores ({rule.effective_n}) '
                f'to promise ood.false_alarm_rate = {params.timing.false_alarm_rate}'
            )
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take images in and work on them."""
        self._telemetry = Telemetry(time.monotonic())
        self._monitor = OodMonitor(self._predictor.card.ood, self._params.timing)
        self._health = CameraHealth()
        self._mailbox: Mailbox[Arrival] = Mailbox()
        self._worker = threading.Thread(target=self._work, name='inference', daemon=True)
        self._worker.start()
        # DDS may keep a few images: the mailbox sees each, keeps the newest and counts the rest. A queue of one
        # would overwrite images where nobody counts them.
        self._camera = self.create_subscription(Image, 'image_raw', self._take, qos_profile_sensor_data)
        # A steady clock: under simulated time a camera that is silent because the clock stands still is told, too.
        self._timer = self.create_timer(1.0, self._report, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f'listening on {self._camera.topic_name}')
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop; the model stays loaded."""
        self.stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and the topics."""
        self._outputs.destroy()
        self.destroy_publisher(self._diagnostics)
        del self._predictor, self._outputs, self._diagnostics
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop for good."""
        self.stop()
        return super().on_shutdown(state)

    def stop(self) -> None:
        """Let the worker finish the image it has, and say what became of all of them."""
        if self._worker is None:
            return
        self.destroy_timer(self._timer)
        self.destroy_subscription(self._camera)
        if not self._mailbox.close():
            self._telemetry.dropped()
        self._worker.join()
        self._worker = None
        counts = self._telemetry.snapshot(time.monotonic())
        # Not the node's own logger: that one also publishes, which ends with the context, before this line.
        get_logger('uncd_ros').info(
            f'received {counts.received} images = processed {counts.processed}'
            f' + dropped {counts.dropped} + faults {counts.faults}'
        )

    def _take(self, image: Image) -> None:
        now = time.monotonic()
        self._telemetry.arrived(now)
        if not self._mailbox.put(Arrival(image=image, time=now)):
            self._telemetry.dropped()

    def _work(self) -> None:
        while arrival := self._mailbox.get():
            try:
                self._process(arrival.image)
            except Exception as error:  # one bad image must not end the stream
                if not self.context.ok():  # the process ends; there is nowhere to publish to
                    self._telemetry.dropped()
                    continue
                self._telemetry.failed()
                kind = '' if isinstance(error, ImageError) else f'{type(error).__name__}: '
                self.get_logger().error(f'{kind}{error}', throttle_duration_sec=5.0)
            else:
                self._telemetry.finished(time.monotonic() - arrival.time)

    def _process(self, msg: Image) -> None:
        image = as_array(msg)
        found = self._predictor.predict(image)
        fault = self._health.check(image)
        decision = self._monitor.update(found.score, seconds(msg.header.stamp), fault=fault)
        self._outputs.publish(msg.header, image, found, decision, fault)

    def _report(self) -> None:
        counts = self._telemetry.snapshot(time.monotonic())
        topic = self._camera.topic_name
        self._diagnostics.publish(
            diagnostics(
                self.get_clock().now().to_msg(),
                counts,
                topic=topic,
                model=self._predictor.card.name,
                device=self._predictor.device_name,
            )
        )
        if counts.silence > NO_IMAGE_AFTER:
            self.get_logger().warning(f'no image on {topic} for {counts.silence:.0f} s', throttle_duration_sec=10.0)


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run(PerceptionNode, args)


if __name__ == '__main__':
    sys.exit(main())
