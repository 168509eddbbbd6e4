# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node of this package as a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

END_WITHIN = 20.0
"""Seconds for the process to end when it is asked to."""


def process(module: str, **parameters: object) -> AbstractContextManager['subprocess.Popen[str]']:
    """A node of this package as a process of its own, which does not outlive the block."""
    return process_in(None, module, **parameters)


@contextmanager
def process_in(
    environment: Mapping[str, str] | None, module: str, **parameters: object
) -> Iterator['subprocess.Popen[str]']:
    """The same in another environment than that of this process."""
    overrides = [word for name, value in parameters.items() for word in ('-p', f'{name}:={json.dumps(value)}')]
    command = [sys.executable, '-m', f'uncd_ros.node.{module}', '--ros-args', *overrides]
    # A session of its own: Ctrl-C reaches its parent alone, which then ends its processes in order.
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment)
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
        try:
            running.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            running.kill()
