# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A program that listens to nodes for a while, and ends when it is told to."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

Listening = TypeVar('Listening', bound=Node)
Spin = Callable[[Callable[[], bool], float], None]
"""Listens until a condition holds, or some seconds have passed."""


@contextmanager
def listening(make_node: Callable[[], Listening]) -> Iterator[tuple[Listening, Spin]]:
    """A node, and the way to let it listen.

    Raises KeyboardInterrupt when Ctrl-C or SIGTERM has shut ROS down, for then anything may fail.
    """
    rclpy.init()
    with ExitStack() as ending:
        ending.callback(rclpy.try_shutdown)
        try:
            node = make_node()
            ending.callback(node.destroy_node)
            executor = SingleThreadedExecutor()
            ending.callback(executor.shutdown)
            executor.add_node(node)

            def spin(condition: Callable[[], bool], seconds: float) -> None:
                end = time.monotonic() + seconds
                while not condition() and time.monotonic() < end:
                    executor.spin_once(timeout_sec=0.05)

            yield node, spin
        except Exception:
            if rclpy.ok():
                raise
            raise KeyboardInterrupt from None
