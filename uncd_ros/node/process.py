# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node as a process: from the first line to a clean end."""

import signal
import sys
from collections.abc import Callable
from typing import Protocol, cast

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.task import Future

from uncd_ros.errors import UncdError
from uncd_ros.node.executor import ServicesAsideExecutor


class Process(Protocol):
    """A node that is started once it exists, and stopped before it goes."""

    @property
    def finished(self) -> 'Future[None]':
        """Done when there is nothing left to do."""

    def start(self) -> bool:
        """Begin; False if that failed and was logged."""

    def stop(self) -> None:
        """End what `start` began; may be called twice."""

    def destroy_node(self) -> None:
        """Of rclpy.node.Node."""


def run(make_node: Callable[[], Process], args: list[str] | None) -> int:
    """Spin a node until it has finished, or Ctrl-C, SIGTERM or shutdown ends it.

    The exit status is 1 for an error that the user can correct, printed in one line, else 0.
    """
    rclpy.init(args=args)
    node = None
    executor = ServicesAsideExecutor()
    try:
        node = make_node()
        if not node.start():
            return int(rclpy.ok())  # a start that was cut short by the end of the process has not failed
        rclpy.spin_until_future_complete(cast(Node, node), node.finished, executor)
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        if rclpy.ok():
            raise  # else the end came in the middle of a callback, which could then not publish
    finally:
        # A launch file repeats the Ctrl-C that the terminal has sent already: the second must not cut the end short.
        # Set twice, for rclpy's shutdown puts the handler back that it found.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        executor.shutdown()
        if node is not None:
            node.stop()
            node.destroy_node()
        rclpy.try_shutdown()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return 0
