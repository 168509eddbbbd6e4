# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node as a process: from the first line to a clean end."""

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Protocol, cast

import rclpy
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]  # its home in Humble and since
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions, install_signal_handlers, uninstall_signal_handlers
from rclpy.task import Future
from rclpy.utilities import remove_ros_args

from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.node.executor import ServicesAsideExecutor
from uncd_ros.node.main_thread import MainThread
from uncd_ros.node.node_help import NodeHelp

_NOISE = re.compile(
    r'failed to initialize rcl: |Failed to parse ROS arguments: |\. Error: (error not set|Expected lexeme).*|, at /.*',
    re.DOTALL,
)
"""Of what rcl says about arguments."""
DOMAIN_MAX = 232
"""The ports of a higher domain would not fit below 65536."""
LOOK = 1.0
"""Seconds between two looks whether ROS is still up."""
END_WITHIN = 1.0
"""Seconds that the end waits for a pass of the network that was left behind."""


class Process(Protocol):
    """A node that is started once it exists, and stopped before it goes."""

    main_thread: MainThread
    """What it has to do on the main thread."""

    @property
    def finished(self) -> 'Future[None]':
        """Done when there is nothing left to do."""

    def start(self) -> bool:
        """Begin; False if that failed and was logged."""

    def stop(self) -> None:
        """End what `start` began; may be called twice."""

    def destroy_node(self) -> None:
        """Of rclpy.node.Node."""


def run(make_node: Callable[[], Process], args: list[str] | None, about: NodeHelp) -> int:
    """Spin a node until it has finished, or Ctrl-C, SIGTERM or shutdown ends it; with --help, only print that.

    `args` is a whole command line, by default this process's. The exit status is 1 for an error that the user can
    correct, printed in one line, else 0.
    """
    try:
        if asks_for_help(sys.argv if args is None else args):
            print(about.text(), end='')
            return 0
        start_ros(args)
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # from here on a signal shuts ROS down instead
        return 0
    return spin(make_node, about.program)


def spin(make_node: Callable[[], Process], program: str) -> int:
    """The part of `run` for which ROS is up; its exit status. Callbacks run beside the main thread."""
    node = None
    executor = ServicesAsideExecutor()
    try:
        node = make_node()
        if not node.start():
            return int(rclpy.ok())  # a start that was cut short by the end of the process has not failed
        # rclpy wakes the executor just before it shuts ROS down: one that looks too early must look again.
        cast(Node, node).create_timer(LOOK, lambda: None, clock=Clock(clock_type=ClockType.STEADY_TIME))
        callbacks = _Callbacks(node, executor)
        node.main_thread.run()
        callbacks.finish()
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        package = str(error.name).partition('.')[0]
        print(f'error: {program} needs {package}, which is not installed: pip install {package}', file=sys.stderr)
        return 1
    except ExternalShutdownException:
        pass
    except Exception:
        if rclpy.ok():
            raise  # else the end came in the middle of a callback, which could then not publish
    finally:
        # First of all: this waits for rclpy's thread that answers signals, which would use what is destroyed below. A
        # launch file repeats the Ctrl-C that the terminal has sent already.
        _ignore_signals()
        uninstall_signal_handlers()
        executor.shutdown()
        if node is not None:
            node.stop()
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


class _Callbacks:
    """The thread that runs a node's callbacks, stops the node in the end, and then lets the main thread go."""

    def __init__(self, node: Process, executor: ServicesAsideExecutor) -> None:
        self._node, self._executor = node, executor
        self._error: BaseException | None = None
        self._finished = Event()
        self._thread = Thread(target=self._run, name='callbacks', daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """By the main thread, once it has been let go. Raises what ended the callbacks."""
        self._finished.set()
        self._thread.join()
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            rclpy.spin_until_future_complete(cast(Node, self._node), self._node.finished, self._executor)
        except BaseException as error:
            self._error = error
        try:
            self._node.stop()
        except BaseException as error:
            self._error = self._error or error
        self._node.main_thread.end()
        if not self._finished.wait(END_WITHIN):
            # A pass of the network does not return, nor would the interpreter's end; the counts are printed.
            sys.stdout.flush()
            os._exit(0)


def asks_for_help(command: list[str]) -> bool:
    """Whether a command line has --help. Raises ConfigError for any other word that ROS does not take."""
    if {'-h', '--help'} & set(command[1:]):
        return True
    with _one_line():
        words = remove_ros_args(command)[1:]
    if words:
        raise ConfigError(f"unknown argument '{words[0]}', expected --help, or --ros-args before what is for ROS")
    return False


def start_ros(args: list[str] | None) -> None:
    """As rclpy.init; from then on SIGINT and SIGTERM shut ROS down and do nothing else, also when ROS is down.

    Raises ConfigError for arguments, or an environment, that ROS refuses.
    """
    check_domain(os.environ.get('ROS_DOMAIN_ID', ''))
    with _one_line():
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    _ignore_signals()  # rclpy calls the handlers that it finds, too, and puts them back in the end
    install_signal_handlers()


def _ignore_signals() -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)


def check_domain(domain: str) -> None:
    """Raise ConfigError unless ROS can use this ROS_DOMAIN_ID; Fast DDS would end the process instead."""
    if domain and not (domain.isdecimal() and int(domain) <= DOMAIN_MAX):
        raise ConfigError(f"ROS_DOMAIN_ID is '{domain}', expected a whole number from 0 to {DOMAIN_MAX}")


@contextmanager
def _one_line() -> Iterator[None]:
    """What ROS says about arguments, without the places in its sources at which it says so."""
    try:
        yield
    except RuntimeError as error:
        reason = ' '.join(_NOISE.sub('', str(error)).split())
        if 'failed to initialize logging' in reason:
            raise ConfigError(f'ROS {reason}; set ROS_LOG_DIR to a folder that can be written to') from None
        raise ConfigError(f'ROS refuses an argument after --ros-args: {reason}; --help shows the form') from None
