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
from pathlib import Path
from typing import Any

import rclpy
from rcl_interfaces.srv import GetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future

from support.project import PROJECT
from uncd_ros.node.domain import free_domain
from uncd_ros.node.transport import large_image_environment

DOMAIN = free_domain()
"""One for each process of the tests, so that nobody else on the same machine is heard."""
PATIENT = {'silent_after': 3600.0}
"""A test's camera sends when the test has got so far; that takes as long as the machine takes."""

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

    def end(self, *by: signal.Signals, timeout: float = 60.0) -> int:
        """Ask it to end, more than once if need be; its exit status."""
        for each in by:
            self._popen.send_signal(each)
            time.sleep(0.05)
        return self.wait(timeout)

    def kill(self) -> None:
        """End it in any case.

        By force only if it must be: a killed process leaves 64 MiB of shared memory behind for good.
        """
        self._popen.terminate()
        try:
            self._popen.wait(10.0)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


@contextmanager
def perception_node(log: Path, model: Path, **parameters: object) -> Iterator[Process]:
    """The node under test, which does not outlive the block; `__` in a name stands for a dot."""
    values = {'model': str(model)} | PATIENT | {name.replace('__', '.'): value for name, value in parameters.items()}
    overrides = [word for name, value in values.items() for word in ('-p', f'{name}:={json.dumps(value)}')]
    process = Process(log, 'uncd_ros.node.perception_node', '--ros-args', *overrides)
    try:
        yield process
    finally:
        process.kill()


class Probe:
    """A node in the test's own process: publishes, and keeps all that it hears, by topic."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = Node('probe', context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
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
        """Call a service; its response."""
        future = self.start_call(kind, service, request)
        self.until(future.done)
        return future.result()

    def ask(self, kind: type, service: str, request: Any) -> Any:
        """Call a service that changes nothing, again and again until a response comes; the response.

        A node may know of a client's request before it knows where to send the response, which is then lost. Once a
        response has come, it knows all clients that were made before this one, too.
        """
        client = self._client(kind, service)
        futures: list[Future[Any]] = []

        def answered() -> 'Future[Any] | None':
            futures.append(client.call_async(request))
            return self.within(2.0, lambda: next((future for future in futures if future.done()), None))

        response = self.until(answered, 60.0).result()
        self.node.destroy_client(client)
        return response

    def start_call(self, kind: type, service: str, request: Any) -> 'Future[Any]':
        """Call a service; its response, once it has come."""
        client = self._client(kind, service)
        node = service.rpartition('/')[0]
        self.ask(GetParameters, f'{node}/get_parameters', GetParameters.Request())  # so that it knows this client, too
        future = client.call_async(request)
        future.add_done_callback(lambda _: self.node.destroy_client(client))
        return future

    def _client(self, kind: type, service: str) -> Any:
        """A client that knows of its service."""
        client = self.node.create_client(kind, service)
        self.until(client.service_is_ready)
        return client

    def close(self) -> None:
        """Leave."""
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()
