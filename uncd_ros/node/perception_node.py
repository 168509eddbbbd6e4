# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera images in; labels, uncertainty and an out-of-distribution flag out. Lifecycle, parameters and wiring."""

import sys
from dataclasses import replace
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]  # its home in Humble and since
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.logging import get_logger
from rclpy.parameter import Parameter
from rclpy.task import Future
from rclpy.timer import Timer

from uncd_ros.errors import UncdError
from uncd_ros.model.fallback_predictor import load_predictor
from uncd_ros.model.files_check import ModelFiles
from uncd_ros.model.find import find_model
from uncd_ros.model.store import load_card
from uncd_ros.node.bond import ManagerBond
from uncd_ros.node.camera import Camera
from uncd_ros.node.diagnostics import Diagnostics
from uncd_ros.node.label_info import check_same_classes
from uncd_ros.node.main_thread import MainThread
from uncd_ros.node.outputs import Outputs
from uncd_ros.node.params import PERCEPTION, ContradictionError, NodeParams, check_fit, refuse_late_changes
from uncd_ros.node.perception_help import PERCEPTION_HELP
from uncd_ros.node.process import run
from uncd_ros.node.transitions import logged
from uncd_ros.node.worker import ActiveModel, Worker

NAMES = frozenset(parameter.name for parameter in PERCEPTION)
REPORT_PERIOD = 1.0
"""Seconds between two messages on /diagnostics."""


class PerceptionNode(LifecycleNode):
    """configure loads and warms up, activate starts, deactivate stops, cleanup frees.

    One thread takes images in, another runs a service, such as one that loads a model; the main thread works on the
    newest images.
    """

    def __init__(self) -> None:
        super().__init__('segmentation')
        NodeParams.declare(self)
        self.finished: Future[None] = Future()
        self.main_thread = MainThread()
        self._active: ActiveModel | None = None
        """From configure to cleanup."""
        self._outputs: dict[str, Outputs] = {}
        """By the name of the camera, from configure to cleanup."""
        self._worker: Worker | None = None
        """From activate to deactivate; the cameras, too."""
        self._cameras: tuple[Camera, ...] = ()
        self._unapplied = ''
        """Why the parameters are not in force as they are set; empty if they are."""
        self._timer: Timer | None = None
        self._diagnostics = Diagnostics(self)
        self._images = MutuallyExclusiveCallbackGroup()
        self._bond = ManagerBond(self, self._images)
        self.add_on_set_parameters_callback(self._validate)

    def start(self) -> bool:
        """Configure and activate, unless a lifecycle manager is to do it; False if that failed."""
        if not self.get_parameter('autostart').value:
            return True
        success = TransitionCallbackReturn.SUCCESS
        return bool(self.trigger_configure() == success and self.trigger_activate() == success)

    @logged
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and run it once, so that the first camera image need not wait."""
        params = NodeParams.read(self)
        self._active, self._unapplied = self._load(params), ''
        for name in params.cameras:
            self._outputs[name] = Outputs(self, name, self._active.predictor.card, params)
        return super().on_configure(state)

    @logged
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take images in and work on them."""
        assert self._active
        self._worker = worker = Worker(self._active, self.main_thread)
        self.get_logger().info(worker.decoder.summary)
        for name, outputs in self._outputs.items():
            self._cameras += (Camera(self, name, outputs, worker, self._images),)
        # A steady clock: under simulated time a camera that is silent because the clock stands still is reported, too.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(REPORT_PERIOD, self._report, callback_group=self._images, clock=clock)
        if not self._active.params.autostart:
            self._bond.start()
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
        self._bond.stop()
        if self._timer:
            self.destroy_timer(self._timer)
            self._timer = None
        for camera in self._cameras:
            camera.stop()
        # Not the node's own logger: that one also publishes, which ends with the context, before these lines.
        logger = get_logger('uncd_ros')
        if stuck := self._worker.close():
            logger.error(stuck)
        self._worker = None
        for camera in self._cameras:
            logger.info(camera.end())
        self._cameras = ()

    def set_parameters(self, parameter_list: 'list[Parameter[Any]]') -> list[SetParametersResult]:
        """Set one parameter after another; see `set_parameters_atomically`."""
        return [self.set_parameters_atomically([parameter]) for parameter in parameter_list]

    def set_parameters_atomically(self, parameter_list: 'list[Parameter[Any]]') -> SetParametersResult:
        """Set parameters and make them take effect; where that fails they are set back, and the reason is returned.

        Here, not in a callback: one that validates must be quick, and one after the change, which Humble lacks, could
        not tell the caller that a model does not load.
        """
        before = [self.get_parameter(each.name) for each in parameter_list if self.has_parameter(each.name)]
        result = super().set_parameters_atomically(parameter_list)
        if not result.successful or self._active is None:
            return result
        try:
            self._unapplied = self._apply_parameters(self._active)
        except Exception as error:
            if not self.context.ok():  # the process ends
                raise
            self._unapplied = str(error) if isinstance(error, UncdError) else f'{type(error).__name__}: {error}'
            self.get_logger().error(self._unapplied)
            super().set_parameters_atomically(before)
            return SetParametersResult(successful=False, reason=self._unapplied)
        return SetParametersResult(successful=True, reason=self._unapplied)

    def _validate(self, parameters: 'list[Parameter[Any]]') -> SetParametersResult:
        """Whether parameters may be set so; quick, for rclpy asks at each declaration of a QoS override, too.

        Several at once must fit each other. A single one may contradict another: `ros2 param load` sets a file's one
        by one, in whatever order, and those in force stay so until all fit.
        """
        changes = {each.name: each.value for each in parameters if each.name in NAMES}
        active = self._active
        try:
            if changes:
                check_fit(self, changes)
            if active:
                refuse_late_changes(self, PERCEPTION, changes)
            if 'model' in changes and not (active and changes['model'] == active.params.model):
                card = load_card(find_model(changes['model']))
                if active and changes.get('lock_classes', self.get_parameter('lock_classes').value):
                    check_same_classes(active.predictor.card, card)
        except UncdError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply_parameters(self, active: ActiveModel) -> str:
        """From the next pass on, work with what is set; if that must wait, why. Raises UncdError as `_load` does."""
        try:
            params = NodeParams.read(self)
        except ContradictionError as error:
            reason = f'{error}: the parameters before stay in force until these fit'
            self.get_logger().warning(reason)
            return reason
        if params.model != active.params.model:
            active = self._load(params)
        self._active = replace(active, params=params)
        if self._worker:
            self._worker.active = self._active
        return ''

    def _free(self) -> None:
        """Give the model and the topics back."""
        for outputs in self._outputs.values():
            outputs.destroy()
        self._outputs.clear()
        self._active = None

    def _load(self, params: NodeParams) -> ActiveModel:
        """The model that `params` name, ready. Raises UncdError if there is none, or it does not run."""
        self.get_logger().info(f'loading model {params.model}')
        files = ModelFiles(find_model(params.model))  # before they are read: what changes meanwhile is noticed
        predictor = load_predictor(
            params.model, params.device, fit=params.fit, wish=params.wish, check=self._check_wanted
        )
        card = predictor.card
        self.get_logger().info(f'model {card.name} on {predictor.device_name}, {predictor.engine_summary}')
        if predictor.engine_warning:
            self.get_logger().warning(predictor.engine_warning)
        if not card.ood.guaranteed(params.alarm.false_alarm_rate):
            self.get_logger().warning(
                f'model {card.name} has too few independent calibration scores ({card.ood.effective_n}) '
                f'to promise ood.false_alarm_rate = {params.alarm.false_alarm_rate}'
            )
        return ActiveModel(predictor=predictor, params=params, files=files)

    def _check_wanted(self) -> None:
        """Loading takes a while: do not go on when the process is told to end."""
        if not self.context.ok():
            raise ExternalShutdownException

    def _report(self) -> None:
        active, worker = self._active, self._worker
        if active is None or worker is None:  # stopped at this moment
            return
        self._diagnostics.report(active, worker, self._cameras, self._unapplied)


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run(PerceptionNode, args, PERCEPTION_HELP)


if __name__ == '__main__':
    sys.exit(main())
