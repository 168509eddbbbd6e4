# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster of two nodes on this machine, of which nothing is left in the end."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.project import PROJECT

LEFT_WITHIN = 20.0
"""Seconds for the processes of a cluster that was shut down to end."""


@contextmanager
def two_nodes() -> Iterator[str]:
    """Address of a cluster of two nodes with one CPU each."""
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix='ray')  # short: sockets lie in it, whose paths are limited to 107 characters
    node = {'num_cpus': 1, 'object_store_memory': 80 * 2**20}
    cluster = Cluster()
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv('PYTHONPATH', f'{PROJECT}/test', prepend=os.pathsep)
            environment.setenv('PYTHONPATH', str(PROJECT), prepend=os.pathsep)
            environment.setenv('RAY_TMPDIR', folder)  # a cluster that someone else runs on this machine is left alone
            cluster.add_node(include_dashboard=False, **node)
            cluster.add_node(**node)
        yield cluster.address
    finally:
        cluster.shutdown()
        _end(folder)
        shutil.rmtree(folder, ignore_errors=True)


def processes_of(folder: str) -> list[int]:
    """Those whose command line names the folder of a cluster."""
    found = []
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        with suppress(OSError):
            if folder.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def _end(folder: str) -> None:
    deadline = time.monotonic() + LEFT_WITHIN
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert not left, 'the cluster left processes'
