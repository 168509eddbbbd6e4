# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Work for the process's main thread: the network runs there, and callbacks beside it.

The OpenMP runtime of torch gives each thread that computes a team of its own, and counts the main thread as one more
even if it never computes. With the network elsewhere there are more threads than cores, and the runtime hardly lets its
threads spin between parallel regions, whatever the user asks for. Here the user decides: `uncd_ros/node/__init__.py`.
"""

import sys
from collections.abc import Callable
from queue import SimpleQueue


class MainThread:
    """Jobs that one thread works off, one after another."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, job: Callable[[], None]) -> None:
        """Let a job run once those before it have returned."""
        self._jobs.put(job)

    def run(self) -> None:
        """Work off jobs until the end; an error of one is printed, and the next goes on."""
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        """False at the end. In a frame of its own: a job that has returned, and the model in it, is let go."""
        job = self._jobs.get()
        try:
            if job:
                job()
        except BaseException:  # SystemExit of a library among them: it is the job's end, not the process's
            sys.excepthook(*sys.exc_info())
        return job is not None

    def end(self) -> None:
        """Let `run` return once the jobs so far have."""
        self._jobs.put(None)
