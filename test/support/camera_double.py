# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera and a robot in one: sends images to the node under test and keeps its results."""

import time
from itertools import count
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, Float32, Header

from support.ros_harness import Probe
from uncd_ros.node.names import status_name

OUTPUTS = {
    'mask': Image,
    'uncertainty': Image,
    'overlay': Image,
    'ood': Bool,
    'ood_score': Float32,
    'ood_status': DiagnosticArray,
}
"""Topics of the node to which every camera of the tests listens."""
DIAGNOSTICS = '/diagnostics'
SECONDS = count(100)


class Camera:
    """The other side of the node's topics for one of its cameras."""

    def __init__(self, process: Any, probe: Probe, name: str = '', *, kind: type = Image, qos: Any = 50) -> None:
        self.process, self.probe = process, probe
        self._prefix = f'/segmentation/{name}/' if name else '/segmentation/'
        self._status = status_name('/segmentation', 'images', name)
        topic = ('image_raw' if kind is Image else 'image_raw/compressed', 'camera_info')
        prefix = f'{name}/' if name else ''
        self.publisher = probe.node.create_publisher(kind, f'{prefix}{topic[0]}', qos)
        self.info_publisher = probe.node.create_publisher(CameraInfo, f'{prefix}{topic[1]}', qos)
        for topic_name, message in OUTPUTS.items():
            probe.listen(message, f'{self._prefix}{topic_name}')
        if DIAGNOSTICS not in probe.heard:
            probe.listen(DiagnosticArray, DIAGNOSTICS)

    def wait(self) -> None:
        """Until all topics have found each other."""
        try:
            self.probe.until(self.connected, 60.0)
        except AssertionError:
            raise AssertionError(f'not connected\n{self.process.output}') from None

    def connected(self) -> bool:
        """Whether all topics have found each other."""
        topics = (*(f'{self._prefix}{topic}' for topic in OUTPUTS), DIAGNOSTICS)
        publishers = [self.probe.node.count_publishers(topic) for topic in topics]
        return bool(self.publisher.get_subscription_count() and all(publishers))

    def all(self, topic: str) -> list[Any]:
        """All that came on a topic of this camera."""
        return self.probe.heard[f'{self._prefix}{topic}']

    def heard(self, topic: str, header: Header) -> Any:
        """The message on a topic with the header of an image."""
        return next((msg for msg in reversed(self.all(topic)) if msg.header == header), None)

    def ask(self, image: Any) -> Header:
        """Send an image, again if need be, until its results have come on every stamped topic."""
        for _ in range(20):
            self.publisher.publish(image)
            if self.probe.within(1.0, lambda: self.complete(image.header)):
                return image.header
        raise AssertionError(f'no result\n{self.process.output}')

    def complete(self, header: Header) -> bool:
        """Whether all stamped outputs of an image have come."""
        return all(self.heard(topic, header) for topic in ('mask', 'uncertainty', 'overlay', 'ood_status'))

    def diagnostics(self) -> dict[str, DiagnosticStatus]:
        """The node's next diagnostics, by name."""
        seen = len(self.probe.heard[DIAGNOSTICS])
        self.probe.until(lambda: len(self.probe.heard[DIAGNOSTICS]) > seen)
        return {status.name: status for status in self.probe.heard[DIAGNOSTICS][-1].status}

    def decide(self, image: Any) -> DiagnosticArray:
        """Send an image once; the node's decision about it. For a node whose subscription is reliable, or nearby."""
        self.publisher.publish(image)
        return self.probe.until(lambda: self.heard('ood_status', image.header))

    def decisions(self) -> list[DiagnosticArray]:
        """What was decided about images, in order; heartbeats are left out."""
        return [msg for msg in self.all('ood_status') if values_of(msg)['heartbeat'] == 'False']

    def status(self) -> DiagnosticStatus:
        """What the node's next diagnostics say of this camera."""
        return self.diagnostics()[self._status]

    def counts(self) -> dict[str, str]:
        """Its numbers in the node's next diagnostics."""
        return key_values(self.status())

    def settled(self) -> dict[str, str]:
        """The counts, once all that was received is accounted for."""

        def complete() -> dict[str, str] | None:
            now = self.counts()
            ended = sum(int(now[key]) for key in ('processed', 'dropped', 'faults'))
            return now if int(now['received']) == ended else None

        self.counts()  # these may be from before the last image
        return self.probe.until(complete)

    def change(self, transition: int) -> bool:
        """Ask for a transition of the lifecycle."""
        request = ChangeState.Request(transition=Transition(id=transition))
        return bool(self.probe.call(ChangeState, '/segmentation/change_state', request).success)

    def set(self, **values: Any) -> str:
        """Set parameters at once, `__` standing for a dot; why that was refused, or nothing."""
        setting = self.start_setting(**values)
        self.probe.until(setting.done)
        result = setting.result().result
        assert result.successful == (not result.reason)
        return str(result.reason)

    def start_setting(self, **values: Any) -> 'Future[Any]':
        """As `set`, but do not wait for the response."""
        request = SetParametersAtomically.Request(parameters=_parameters(values))
        return self.probe.start_call(SetParametersAtomically, '/segmentation/set_parameters_atomically', request)

    def set_one_by_one(self, **values: Any) -> list[SetParametersResult]:
        """Set parameters as `ros2 param load` does, `__` standing for a dot."""
        request = SetParameters.Request(parameters=_parameters(values))
        return list(self.probe.call(SetParameters, '/segmentation/set_parameters', request).results)

    def get(self, name: str) -> Any:
        """The value of a parameter."""
        request = GetParameters.Request(names=[name])
        (value,) = self.probe.ask(GetParameters, '/segmentation/get_parameters', request).values
        return parameter_value_to_python(value)


def _parameters(values: dict[str, Any]) -> list[Any]:
    return [Parameter(name.replace('__', '.'), value=value).to_parameter_msg() for name, value in values.items()]


def picture(encoding: str = 'bgr8', height: int = 48, width: int = 64, *, seed: int = 5) -> Image:
    """A camera image of noise with a stamp of its own."""
    channels = {'mono8': 1, 'bgr8': 3, 'rgb8': 3, 'rgba8': 4}[encoding]
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    header = Header(stamp=Time(sec=next(SECONDS), nanosec=7), frame_id='front_optical_frame')
    msg = Image(header=header, height=height, width=width, step=width * channels, encoding=encoding)
    msg.data = pixels.tobytes()
    return msg


def stamped_now(image: Image) -> Image:
    """The image, stamped by the clock of the node under test, as a camera driver does."""
    now = time.time_ns()
    image.header.stamp = Time(sec=now // 10**9, nanosec=now % 10**9)
    return image


def key_values(status: DiagnosticStatus) -> dict[str, str]:
    """The values of a status."""
    return {each.key: each.value for each in status.values}


def values_of(msg: DiagnosticArray) -> dict[str, str]:
    """The values of the first status."""
    return key_values(msg.status[0])
