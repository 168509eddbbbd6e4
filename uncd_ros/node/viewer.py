# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A live page for the browser. It subscribes only to what an open page shows: without one it costs nothing."""

import os
import sys
import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription
from rclpy.task import Future
from sensor_msgs.msg import Image

from uncd_ros.node.discovery import FoundCamera, cameras_in
from uncd_ros.node.main_thread import MainThread
from uncd_ros.node.node_help import NodeHelp, Topic
from uncd_ros.node.parameter import Parameter, declare, values_of
from uncd_ros.node.process import run
from uncd_ros.node.subscription import AdaptiveSubscription
from uncd_ros.node.view_messages import decision_of, heat_pixels, pixels, report_of
from uncd_ros.viewer.hub import Hub
from uncd_ros.viewer.picture import Picture, View

PARAMETERS = (
    Parameter(name='node', default='segmentation', text='Name of the perception node; its cameras are found.'),
    Parameter(
        name='host',
        default='127.0.0.1',
        text='Address to serve at: 127.0.0.1 is for this machine alone, 0.0.0.0 lets the whole network look.',
    ),
    Parameter(name='port', default=8080, text='0 is any free one.', low=0, high=65535),
)
HELP = NodeHelp(
    program='viewer',
    purpose='A page for the browser with the live picture, the flag and its reason, the score, speed and losses.',
    example='__ns:=/robot1',
    parameters=PARAMETERS,
    subscribed=(
        Topic(name='/diagnostics', type='DiagnosticArray', text='While a page is open: cameras, speed, losses.'),
        Topic(name='(the camera)', type='Image or CompressedImage', text='While it is looked at, as what follows.'),
        Topic(name='(its results)', type='as the node sends them', text='overlay_preview, uncertainty, ood_status.'),
    ),
    published=(),
)
STATUS = 'status'
NICENESS = 10
"""Of the process: on a busy robot the page is what has time."""


class Viewer(Node):
    """From the topics of the cameras that are looked at to the hub."""

    def __init__(self) -> None:
        super().__init__('viewer')
        from uncd_ros.viewer.server import PageServer  # needs aiohttp, as nothing else does

        declare(self, PARAMETERS)
        values = values_of(self, PARAMETERS)
        os.nice(NICENESS)
        self.finished: Future[None] = Future()
        self.main_thread = MainThread()
        self._perception = self.resolve_topic_name(values['node'])
        self._group = MutuallyExclusiveCallbackGroup()
        self._found: dict[str, FoundCamera] = {}
        """By name."""
        self._shown: dict[tuple[str, str], AdaptiveSubscription] = {}
        """By the name of a camera, and what of it is looked at: a view, or STATUS."""
        self._diagnostics: Subscription[DiagnosticArray] | None = None
        """While any page is open."""
        self._upper: float | None = None
        """Upper end of the uncertainty; None before the node has told it."""
        pages = self.create_guard_condition(self._follow_pages, callback_group=self._group)
        self._hub = Hub(self._perception, pages.trigger)
        self._server = PageServer(self._hub, values['host'], values['port'])

    def start(self) -> bool:
        """Say where the page is."""
        self.get_logger().info(f'open {self._server.url} in a browser')
        return True

    def stop(self) -> None:
        """Turn the pages away."""
        self._server.close()

    def _follow_pages(self) -> None:
        """Subscribe to what is looked at, and to nothing else."""
        wanted = self._hub.wanted()
        if wanted and self._diagnostics is None:
            self._diagnostics = self.create_subscription(
                DiagnosticArray, '/diagnostics', self._on_diagnostics, 10, callback_group=self._group
            )
        elif not wanted and self._diagnostics is not None:
            self.destroy_subscription(self._diagnostics)
            self._diagnostics = None
        looks = {(str(name), what) for name, view in wanted if name in self._found for what in (view, STATUS)}
        for look in self._shown.keys() - looks:
            self._shown.pop(look).destroy()
            if look[1] == STATUS:
                self._hub.forget(look[0])
        for name, what in looks - self._shown.keys():
            self._shown[name, what] = self._subscribe(self._found[name], what)

    def _subscribe(self, camera: FoundCamera, what: str) -> AdaptiveSubscription:
        """To one topic of a camera: that of a view, or of its STATUS."""
        image_kind = camera.image_kind(self)

        def show(view: View, kind: type) -> Callable[[bytes], None]:
            return lambda data: self._hub.show(camera.name, view, Picture(pixels(data, kind)))

        def on_uncertainty(data: bytes) -> None:
            if self._upper is not None:
                self._hub.show(camera.name, 'uncertainty', Picture(heat_pixels(data, self._upper)))

        def on_status(data: bytes) -> None:
            msg = deserialize_message(data, DiagnosticArray)
            self._hub.tell(camera.name, decision_of(msg, time.monotonic()))

        topics: dict[str, tuple[type, str, Callable[[bytes], None]]] = {
            'camera': (image_kind, camera.images, show('camera', image_kind)),
            'overlay': (Image, f'{camera.outputs}overlay_preview', show('overlay', Image)),
            'uncertainty': (Image, f'{camera.outputs}uncertainty', on_uncertainty),
            STATUS: (DiagnosticArray, f'{camera.outputs}ood_status', on_status),
        }
        return AdaptiveSubscription(self, *topics[what], self._group, raw=True)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        cameras = cameras_in(msg, self._perception)
        if not cameras:
            return  # of another node
        report = report_of(msg, self._perception, cameras)
        if 'uncertainty_upper' in report.model:
            self._upper = float(report.model['uncertainty_upper'])
        self._found = {each.name: each for each in cameras}
        self._hub.report(report)
        self._follow_pages()
        for subscription in self._shown.values():
            subscription.follow_publishers()


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    os.nice(19)  # looking must not take the processor from what is looked at
    return run(Viewer, args, HELP)


if __name__ == '__main__':
    sys.exit(main())
