# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes as real processes, and a probe that talks to them over DDS."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, Float32, Header

from uncd_ros.transport import large_image_environment

PROJECT = Path(__file__).resolve().parents[1]
DOMAIN = os.getpid() % 100 + 1
"""One for this run of the tests, so that nobody on the same machine is heard."""
ANSWERS = {
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

# Read when the probe's own participant is made, too.
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ.update(large_image_environment(os.environ))


def environment() -> dict[str, str]:
    """For a process of this project under test."""
    python_path = os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get('PYTHONPATH')])])
    return os.environ | {
        'PYTHONPATH': python_path,
        'PYTHONUNBUFFERED': '1',
        'ROS_DOMAIN_ID': str(DOMAIN),
        'OMP_NUM_THREADS': '1',
        'RCUTILS_LOGGING_USE_STDOUT': '0',
        'RCUTILS_COLORIZED_OUTPUT': '0',
    }


class Process:
    """A module of the package, running; its output goes to a file."""

    def __init__(self, log: Path, module: str, *arguments: str, extra: dict[str, str] | None = None) -> None:
        self._log = log
        with log.open('w') as file:
            command = [sys.executable, '-m', module, *arguments]
            env = environment() | (extra or {})
            self._popen = subprocess.Popen(command, env=env, stdout=file, stderr=subprocess.STDOUT)

    @property
    def output(self) -> str:
        """All that it has printed."""
        return self._log.read_text()

    def wait(self, timeout: float = 60.0) -> int:
        """Its exit status, once it has ended by itself."""
        return self._popen.wait(timeout)

    def end(self, *by: signal.Signals) -> int:
        """Ask it to end, more than once if need be; its exit status."""
        for each in by:
            self._popen.send_signal(each)
            time.sleep(0.05)
        return self.wait(20.0)

    def kill(self) -> None:
        """End it in any case."""
        self._popen.kill()
        self._popen.wait()


@contextmanager
def perception_node(log: Path, model: Path, **parameters: object) -> Iterator[Process]:
    """The node under test, which does not outlive the block; `__` in a name stands for a dot."""
    values = {'model': str(model)} | {name.replace('__', '.'): value for name, value in parameters.items()}
    overrides = [word for name, value in values.items() for word in ('-p', f'{name}:={json.dumps(value)}')]
    process = Process(log, 'uncd_ros.perception_node', '--ros-args', *overrides)
    try:
        yield process
    finally:
        process.kill()


class Probe:
    """A node in the test's own process: publishes, and keeps all that it hears, by topic."""

    def __init__(self) -> None:
        self._context = Context()
        rclpy.init(context=self._context, domain_id=DOMAIN)
        self.node = Node('probe', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.heard: dict[str, list[Any]] = {}

    def listen(self, kind: type, topic: str) -> None:
        """Keep the messages of a topic."""
        messages = self.heard.setdefault(topic, [])
        self.node.create_subscription(kind, topic, messages.append, 50)

    def within(self, timeout: float, condition: Callable[[], Any]) -> Any:
        """Listen until the condition holds or `timeout` seconds have gone; its value in the end."""
        end = time.monotonic() + timeout
        while not (value := condition()) and time.monotonic() < end:
            self._executor.spin_once(timeout_sec=0.05)
        return value

    def until(self, condition: Callable[[], Any], timeout: float = 20.0) -> Any:
        """Listen until the condition holds; its value. Fails after `timeout` seconds."""
        value = self.within(timeout, condition)
        assert value, f'waited {timeout} s in vain'
        return value

    def call(self, kind: type, service: str, request: Any) -> Any:
        """Call a service; its answer."""
        client = self.node.create_client(kind, service)
        self.until(client.service_is_ready)
        future = client.call_async(request)
        self.until(future.done)
        self.node.destroy_client(client)
        return future.result()

    def close(self) -> None:
        """Leave."""
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()


class Camera:
    """The other side of the node's topics for one of its cameras."""

    def __init__(self, process: Process, probe: Probe, name: str = '', *, kind: type = Image, qos: Any = 50) -> None:
        self.process, self.probe = process, probe
        self._prefix = f'/segmentation/{name}/' if name else '/segmentation/'
        self._status = f'segmentation: {name} images' if name else 'segmentation: images'
        topic = ('image_raw' if kind is Image else 'image_raw/compressed', 'camera_info')
        prefix = f'{name}/' if name else ''
        self.publisher = probe.node.create_publisher(kind, f'{prefix}{topic[0]}', qos)
        self.info_publisher = probe.node.create_publisher(CameraInfo, f'{prefix}{topic[1]}', qos)
        for topic_name, message in ANSWERS.items():
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
        topics = (*(f'{self._prefix}{topic}' for topic in ANSWERS), DIAGNOSTICS)
        publishers = [self.probe.node.count_publishers(topic) for topic in topics]
        return bool(self.publisher.get_subscription_count() and all(publishers))

    def all(self, topic: str) -> list[Any]:
        """All that came on a topic of this camera."""
        return self.probe.heard[f'{self._prefix}{topic}']

    def heard(self, topic: str, header: Header) -> Any:
        """The message on a topic that answers the image with this header."""
        return next((msg for msg in reversed(self.all(topic)) if msg.header == header), None)

    def ask(self, image: Any) -> Header:
        """Send an image, again if need be, until the node has answered it on every stamped topic."""
        for _ in range(20):
            self.publisher.publish(image)
            if self.probe.within(1.0, lambda: self.answered(image.header)):
                return image.header
        raise AssertionError(f'no answer\n{self.process.output}')

    def answered(self, header: Header) -> bool:
        """Whether all stamped outputs of an image have come."""
        return all(self.heard(topic, header) for topic in ('mask', 'uncertainty', 'overlay', 'ood_status'))

    def diagnostics(self) -> dict[str, DiagnosticStatus]:
        """The node's next diagnostics, by name."""
        seen = len(self.probe.heard[DIAGNOSTICS])
        self.probe.until(lambda: len(self.probe.heard[DIAGNOSTICS]) > seen)
        return {status.name: status for status in self.probe.heard[DIAGNOSTICS][-1].status}

    def counts(self) -> dict[str, str]:
        """What the node's next diagnostics say of this camera."""
        return key_values(self.diagnostics()[self._status])

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
        """Set parameters, `__` standing for a dot; why that was refused, or nothing."""
        parameters = [Parameter(name.replace('__', '.'), value=value) for name, value in values.items()]
        request = SetParametersAtomically.Request(parameters=[each.to_parameter_msg() for each in parameters])
        result = self.probe.call(SetParametersAtomically, '/segmentation/set_parameters_atomically', request).result
        assert result.successful == (not result.reason)
        return str(result.reason)


def picture(encoding: str = 'bgr8', height: int = 48, width: int = 64, *, seed: int = 5) -> Image:
    """A camera image of noise with a stamp of its own."""
    channels = {'mono8': 1, 'bgr8': 3, 'rgb8': 3, 'rgba8': 4}[encoding]
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    header = Header(stamp=Time(sec=next(SECONDS), nanosec=7), frame_id='front_optical_frame')
    msg = Image(header=header, height=height, width=width, step=width * channels, encoding=encoding)
    msg.data = pixels.tobytes()
    return msg


def key_values(status: DiagnosticStatus) -> dict[str, str]:
    """The values of a status."""
    return {each.key: each.value for each in status.values}


def values_of(msg: DiagnosticArray) -> dict[str, str]:
    """The values of the first status."""
    return key_values(msg.status[0])
