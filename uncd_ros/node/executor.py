# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who runs callbacks: images at once, services beside them."""

from collections.abc import Callable
from concurrent.futures import Future as Submitted
from contextlib import suppress
from threading import Event, Thread
from typing import Any

from rclpy.executors import ConditionReachedException, Executor, TimeoutException
from rclpy.service import Service
from rclpy.task import Future, Task


class ServicesAsideExecutor(Executor):
    """Runs each service on a thread of its own, all else on the one that spins: images go on while a model is loaded.

    The thread ends with its service: one that has computed and stays would slow the network, see main_thread.py.

    rclpy's MultiThreadedExecutor would do that, too, but until a callback has begun it hands it to its pool over and
    over: beside a network that keeps the cores busy this cost a third of the frame rate.
    """

    def __init__(self) -> None:
        super().__init__()
        self._submitted: list[Submitted[None]] = []

    def spin_until_future_complete(self, future: 'Future[Any]', timeout_sec: float | None = None) -> None:
        """Run callbacks until `future` is done, or none came for so many seconds. Raises what a callback raised."""
        future.add_done_callback(lambda _: self.wake())
        with suppress(TimeoutException, ConditionReachedException):
            while not future.done():
                self._run_next(timeout_sec, future.done)

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Wait for the service that is at work."""
        ended = super().shutdown(timeout_sec)
        for each in self._submitted:
            each.exception()
        return ended

    def _run_next(self, timeout_sec: float | None, condition: Callable[[], bool]) -> None:
        task, entity, _ = self.wait_for_ready_callbacks(timeout_sec, None, condition)
        for each in [each for each in self._submitted if each.done()]:
            self._submitted.remove(each)
            each.result()
        if isinstance(entity, Service):
            begun: Event = Event()
            submitted: Submitted[None] = Submitted()
            self._submitted.append(submitted)
            Thread(target=_run_aside, args=(task, begun, submitted), name='service', daemon=True).start()
            begun.wait()  # or it would be found ready again and again
        else:
            _run(task)


def _run_aside(task: 'Task[Any]', begun: Event, submitted: 'Submitted[None]') -> None:
    begun.set()
    try:
        _run(task)
    except BaseException as error:
        submitted.set_exception(error)
    else:
        submitted.set_result(None)


def _run(task: 'Task[Any]') -> None:
    task()
    error = task.exception()
    if error is not None:
        raise error
