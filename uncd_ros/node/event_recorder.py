# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A dashcam for the perception node: keeps the last seconds, and writes a bag around each alarm or when it is asked."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]  # its home in Humble and since
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, Float32, Header
from std_srvs.srv import Trigger

from uncd_ros.errors import ImageError
from uncd_ros.node.discovery import FoundCamera, cameras_in
from uncd_ros.node.main_thread import MainThread
from uncd_ros.node.messages import key_values
from uncd_ros.node.names import kind_name, status_name, status_values
from uncd_ros.node.process import run
from uncd_ros.node.recorder_params import HELP, MB, RecorderParams
from uncd_ros.node.subscription import AdaptiveSubscription
from uncd_ros.recording.bag_folder import BagFolder
from uncd_ros.recording.entry import Entry
from uncd_ros.recording.events import AlarmCount

if TYPE_CHECKING:  # what writes bags needs rosbags, as nothing else here does
    from uncd_ros.recording.bag_thread import Outcome
    from uncd_ros.recording.event_recorder import RecorderState
    from uncd_ros.recording.packing import Codec

RESULTS: dict[str, type] = {'mask': Image, 'uncertainty': Image, 'ood': Bool, 'ood_score': Float32}
"""Topics of each camera's results that are recorded, beside ood_status, which tells the alarms."""
DEPTH, IMAGE_DEPTH = 50, 20
"""Messages of a topic that may wait: every one shall be in the bag, and to make an image small takes its time. Images
wait in memory that DDS then keeps: 20 of camera, mask and uncertainty are 150 MB at 1280x720."""
REPORT_PERIOD = 1.0
"""Seconds between two messages on /diagnostics."""
STEADY_OFFSET = time.time_ns() - time.monotonic_ns()


def steady_now() -> int:
    """Nanoseconds since 1970 by a clock that never goes back, whatever is done to that of the machine."""
    return STEADY_OFFSET + time.monotonic_ns()


class EventRecorderNode(Node):
    """Finds the cameras of a perception node, and records what it and they send."""

    def __init__(self) -> None:
        super().__init__('event_recorder')
        from uncd_ros.recording.event_recorder import EventRecorder
        from uncd_ros.recording.packing import packed

        self._packed = packed
        self.finished: Future[None] = Future()
        self.main_thread = MainThread()
        self._params = params = RecorderParams.read(self)
        self._folder = BagFolder(params.folder, params.disk)
        self._recorder = EventRecorder(self._folder, params.times, params.memory, self._on_end)
        self._alarms: dict[str, AlarmCount] = {}
        """By the name of each camera that was found."""
        self._listeners: list[AdaptiveSubscription] = []
        self._lost = 0
        self._group = MutuallyExclusiveCallbackGroup()
        self._publisher = self.create_publisher(DiagnosticArray, '/diagnostics', 10)

    def start(self) -> bool:
        """Look for the perception node."""
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10, callback_group=self._group)
        self.create_service(Trigger, '~/trigger', self._on_trigger)
        # A steady clock: a recording ends although simulated time stands still.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(REPORT_PERIOD, self._report, callback_group=self._group, clock=clock)
        self.get_logger().info(f'bags go to {self._folder.path.resolve()}; waiting for {self._params.node}')
        return True

    def stop(self) -> None:
        """Make the bag that is being recorded whole."""
        for subscription in self._listeners:
            subscription.destroy()
        self._listeners.clear()
        self._recorder.close()
        self._folder.close()

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for camera in cameras_in(msg, self._params.node):
            if camera.name not in self._alarms:
                self._listen(camera)

    def _listen(self, camera: FoundCamera) -> None:
        """To one camera and its results."""
        self._alarms[camera.name] = AlarmCount()
        self._subscribe(camera.image_kind(self), camera.images, 'jpeg')
        self._subscribe(CameraInfo, camera.info, 'jpeg')
        for topic, kind in RESULTS.items():
            self._subscribe(kind, f'{camera.outputs}{topic}', 'png')

        def on_status(data: bytes) -> None:
            self._on_ood_status(camera, deserialize_message(data, DiagnosticArray))

        self._subscribe(DiagnosticArray, f'{camera.outputs}ood_status', 'png', on_status)
        self.get_logger().info(f'recording {camera.images} and what {self._params.node} says about it')

    def _subscribe(
        self, kind: type, topic: str, codec: 'Codec', then: Callable[[bytes], None] = lambda _: None
    ) -> None:
        """Keep what comes on a topic, images in that codec, and hand it on."""
        name = kind_name(kind)

        def on_message(data: bytes) -> None:
            try:
                self._recorder.add(self._packed(Entry(topic=topic, kind=name, received=steady_now(), data=data), codec))
            except ImageError as error:
                self.get_logger().warning(f'not recorded: {error}', throttle_duration_sec=10.0)
            then(data)

        depth = IMAGE_DEPTH if kind is Image else DEPTH
        subscription = AdaptiveSubscription(
            self, kind, topic, on_message, self._group, self._on_lost, depth=depth, raw=True
        )
        self._listeners.append(subscription)

    def _on_ood_status(self, camera: FoundCamera, msg: DiagnosticArray) -> None:
        values = status_values(msg, status_name(self._params.node, 'out of distribution', camera.name))
        if values and self._alarms[camera.name].rises(int(values['alarms'])):
            name = self._recorder.event(steady_now())
            self.get_logger().info(f'alarm on {camera.images}, {msg.status[0].message}: recorded in {name}')

    def _on_trigger(self, _request: Any, response: Any) -> Any:
        if not self._alarms:
            response.message = f'there is nothing to record: {self._params.node} has told no camera on /diagnostics'
            return response
        response.success = True
        response.message = str(self._folder.path / self._recorder.event(steady_now()))
        return response

    def _on_lost(self, count: int) -> None:
        self._lost += count

    def _on_end(self, outcome: 'Outcome') -> None:
        """By the thread that wrote a bag; at the end of the process ROS is down, and with it the node's own logger."""
        logger = self.get_logger() if self.context.ok() else get_logger('uncd_ros')
        if outcome.bag:
            logger.info(f'wrote {outcome.bag}')
        if outcome.fault:
            logger.error(outcome.fault)

    def _report(self) -> None:
        state = self._recorder.tick(steady_now())
        for subscription in self._listeners:
            subscription.follow_publishers()
        if state.shortfall:
            advice = f'{state.shortfall}: set memory_mb higher or before lower'
            self.get_logger().warning(advice, throttle_duration_sec=60.0)
        header = Header(stamp=self.get_clock().now().to_msg())
        self._publisher.publish(DiagnosticArray(header=header, status=[self._status(state)]))

    def _status(self, state: 'RecorderState') -> DiagnosticStatus:
        waiting = '' if self._alarms else f'waiting for {self._params.node} to tell its cameras on /diagnostics'
        problems = '; '.join(filter(None, (state.fault, state.shortfall, waiting)))
        bags, used = self._folder.usage()
        return DiagnosticStatus(
            level=DiagnosticStatus.WARN if problems else DiagnosticStatus.OK,
            name=status_name(self.get_fully_qualified_name(), 'recording'),
            message=problems or (f'recording {state.recording}' if state.recording else 'ready'),
            hardware_id=str(self._folder.path),
            values=key_values(
                recording=state.recording,
                kept_seconds=round(state.held, 1),
                kept_mb=round(state.size / MB, 1),
                bags=bags,
                bags_mb=round(used / MB, 1),
                lost=self._lost,
            ),
        )


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run(EventRecorderNode, args, HELP)


if __name__ == '__main__':
    sys.exit(main())
