# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera images in; labels, uncertainty and an out-of-distribution flag out. Lifecycle and wiring only."""

import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]  # its home in Humble and since
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.logging import get_logger
from rclpy.parameter import Parameter
from rclpy.task import Future
from rclpy.timer import Timer
from std_msgs.msg import Header

from uncd_ros.errors import UncdError
from uncd_ros.model.fallback_predictor import load_predictor
from uncd_ros.node.camera import Camera
from uncd_ros.node.params import PERCEPTION, NodeParams, declare, refuse_late_changes
from uncd_ros.node.process import run
from uncd_ros.node.status import NO_IMAGE_AFTER, model_status
from uncd_ros.node.worker import ActiveModel, Worker

Transition = Callable[['PerceptionNode', LifecycleState], TransitionCallbackReturn]


def told(transition: Transition) -> Transition:
    """A transition whose failure is logged; rclpy swallows what it raises without a word."""

    @functools.wraps(transition)
    def attempt(node: 'PerceptionNode', state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except UncdError as error:
            node.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            if node.context.ok():  # else the process ends, which is no failure
                node.get_logger().error(f'{type(error).__name__}: {error}')
            raise

    return attempt


class PerceptionNode(LifecycleNode):
    """configure loads and warms up, activate starts, deactivate stops, cleanup frees.

    One thread takes images in, one answers services, such as a call to load another model while images go on, and
    one works on the newest images.
    """

    def __init__(self) -> None:
        super().__init__('segmentation')
        declare(self, PERCEPTION)
        self.finished: Future[None] = Future()
        self._serving: ActiveModel | None = None
        self._cameras: list[Camera] = []
        self._worker: Worker | None = None
        self._timer: Timer | None = None
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._images = MutuallyExclusiveCallbackGroup()
        self.add_on_set_parameters_callback(self._change)

    def start(self) -> bool:
        """Configure and activate, unless a lifecycle manager is to do it; False if that failed."""
        if not self.get_parameter('autostart').value:
            return True
        wanted = TransitionCallbackReturn.SUCCESS
        return bool(self.trigger_configure() == wanted and self.trigger_activate() == wanted)

    @told
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and run it once, so that the first camera image need not wait."""
        params = NodeParams.read(self)
        serving = self._load(params)
        self._serving = serving
        for name in params.cameras:
            self._cameras.append(Camera(self, name, serving))
        return super().on_configure(state)

    @told
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take images in and work on them."""
        assert self._serving
        self._worker = Worker(self._serving)
        for camera in self._cameras:
            camera.start(self._worker.mailbox, self._serving, self._images)
        # A steady clock: under simulated time a camera that is silent because the clock stands still is told, too.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(1.0, self._report, callback_group=self._images, clock=clock)
        self.get_logger().info(f'listening on {", ".join(camera.topic for camera in self._cameras)}')
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop; the model stays loaded."""
        self.stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and the topics."""
        self._free()
        return super().on_cleanup(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of what a transition left when it failed half-way."""
        self.stop()
        self._free()
        return super().on_error(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop for good."""
        self.stop()
        return super().on_shutdown(state)

    def stop(self) -> None:
        """Let the worker finish the images it has, and say what became of all of them."""
        if self._worker is None:
            return
        if self._timer:
            self.destroy_timer(self._timer)
            self._timer = None
        for camera in self._cameras:
            camera.stop()
        self._worker.close()
        self._worker = None
        for camera in self._cameras:
            counts = camera.counts()
            # Not the node's own logger: that one also publishes, which ends with the context, before this line.
            get_logger('uncd_ros').info(
                f'{camera.name + ": " if camera.name else ""}received {counts.received} images'
                f' = processed {counts.processed} + dropped {counts.dropped} + faults {counts.faults}'
            )

    def _free(self) -> None:
        """Give the model and the topics back."""
        for camera in self._cameras:
            camera.destroy()
        self._cameras.clear()
        self._serving = None

    def _load(self, params: NodeParams) -> ActiveModel:
        """The model that `params` name, ready. Raises UncdError if there is none, or it does not run."""
        self.get_logger().info(f'loading model {params.model}')
        engine = load_predictor(params.model, params.device, check=self._check_wanted)
        self.get_logger().info(f'model {engine.card.name} on {engine.device_name}')
        rule, rate = engine.card.ood, params.timing.false_alarm_rate
        if not rule.guaranteed(rate):
            self.get_logger().warning(
                f'model {engine.card.name} has too few independent calibration scores ({rule.effective_n}) '
                f'to promise ood.false_alarm_rate = {rate}'
            )
        return ActiveModel(engine=engine, params=params)

    def _check_wanted(self) -> None:
        """Loading takes a while: do not go on when the process is told to end."""
        if not self.context.ok():
            raise ExternalShutdownException

    def _change(self, parameters: 'list[Parameter[Any]]') -> SetParametersResult:
        """Make a change of parameters take effect, or say why not."""
        changes = {each.name: each.value for each in parameters}
        try:
            params = NodeParams.read(self, changes)
            if self._serving:
                refuse_late_changes(self, PERCEPTION, changes)
                self._serve(self._load(params) if 'model' in changes else replace(self._serving, params=params))
        except UncdError as error:
            return SetParametersResult(successful=False, reason=str(error))
        except Exception as error:
            if not self.context.ok():  # the process ends
                raise
            return SetParametersResult(successful=False, reason=f'{type(error).__name__}: {error}')
        return SetParametersResult(successful=True)

    def _serve(self, serving: ActiveModel) -> None:
        """From the next batch on, work with this."""
        self._serving = serving
        if self._worker:
            self._worker.serving = serving
            for camera in self._cameras:
                camera.limit(serving.params.max_rate)

    def _report(self) -> None:
        serving = self._serving
        if serving is None:  # cleaned up at this moment
            return
        engine, found, calibration_mismatches = serving.engine, [], []
        for camera in tuple(self._cameras):
            counts = camera.counts()
            status, differences = camera.status(counts, engine)
            found.append(status)
            calibration_mismatches += [f'{camera.name}: {each}' if camera.name else each for each in differences]
            if counts.silence > NO_IMAGE_AFTER:
                message = f'{status.message}: {camera.explain_silence()}'
                self.get_logger().warning(message, throttle_duration_sec=10.0)
        header = Header(stamp=self.get_clock().now().to_msg())
        self._diagnostics.publish(
            DiagnosticArray(header=header, status=[*found, model_status(engine, calibration_mismatches)])
        )


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run(PerceptionNode, args)


if __name__ == '__main__':
    sys.exit(main())
