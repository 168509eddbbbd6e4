# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who runs callbacks: images at once, services beside them."""

from collections.abc import Callable
from concurrent.futures import Future as Submitted
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from typing import Any

from rclpy.executors import ConditionReachedException, Executor, TimeoutException
from rclpy.service import Service
from rclpy.task import Future, Task


class ServicesAsideExecutor(Executor):
    """Runs services on a thread of their own, all else on the one that spins: images go on while a model is loaded.

    rclpy's MultiThreadedExecutor would do that, too, but until a callback has begun it hands it to its pool over and
    over: beside a network that keeps the cores busy this cost a third of the frame rate.
    """

    def __init__(self) -> None:
        super().__init__()
        # A second thread, for a service found ready just before its callback group was taken: it gives way at once.
        self._pool = ThreadPoolExecutor(2, thread_name_prefix='service')
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
        self._pool.shutdown()
        return ended

    def _run_next(self, timeout_sec: float | None, condition: Callable[[], bool]) -> None:
        task, entity, _ = self.wait_for_ready_callbacks(timeout_sec, None, condition)
        for each in [each for each in self._submitted if each.done()]:
            self._submitted.remove(each)
            each.result()
        if isinstance(entity, Service):
            begun = Event()
            self._submitted.append(self._pool.submit(_run, task, begun))
            begun.wait()  # or it would be found ready again and again
        else:
            _run(task, Event())


def _run(task: 'Task[Any]', begun: Event) -> None:
    begun.set()
    task()
    error = task.exception()
    if error is not None:
        raise error
