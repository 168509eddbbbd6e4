# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tasks on a Ray cluster, each in a process of its own; a task whose process or machine dies runs again elsewhere.

Tasks exchange files, not data: all machines see the same files under the same paths, and have this package installed.
"""

import logging
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from rich.console import Console

from uncd_ros.errors import ConfigError, UncdError

T = TypeVar('T')
R = TypeVar('R')

LOCAL = 'local'
"""Address of a cluster of this machine alone, which ends with the command."""
RETRIES = 3
"""Of a task whose process or machine died; a fault that it raises itself is not tried again."""
ANSWER_WITHIN = 15.0
"""Seconds for a cluster to answer; Ray itself would wait for minutes."""


def check_cluster(address: str) -> None:
    """Raise ConfigError where Ray is not installed or, but for LOCAL, no cluster answers at HOST:PORT."""
    _import_ray()
    if address == LOCAL:
        return
    host, _, port = address.rpartition(':')
    if not host or not port.isdecimal() or '//' in host:
        raise ConfigError(f"--ray is '{address}', expected HOST:PORT of a Ray cluster, or nothing for this machine")
    # By a process of its own, for an attempt to connect cannot be given up within one.
    command = [sys.executable, '-m', 'ray.scripts.scripts', 'status', '--address', address]
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_WITHIN).close()
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=ANSWER_WITHIN)
    except (OSError, OverflowError, subprocess.TimeoutExpired):
        raise ConfigError(
            f'--ray {address}: no Ray cluster answers there, expected the address that `ray start --head` printed'
        ) from None
    if answer.returncode:  # such as where the cluster asks for a token
        *_, reason = answer.stderr.strip().split('\n')
        raise ConfigError(f'--ray {address}: {_one_line(reason)}')


def run_tasks(
    address: str, function: Callable[[T], R], items: Mapping[str, T], console: Console, *, gpu: bool = True
) -> list[R]:
    """`function` of each item, by name, in the order of the items; the console is told which are done.

    `function` is one of a module, for it is imported where it runs. A task takes one GPU if the cluster has any and
    `gpu` allows, else as many CPU cores as this process has threads; with as many threads it computes the same.

    The address has passed `check_cluster`. Raises ConfigError where Ray cannot join it; UncdError that names a task
    whose process died again and again or has no such function; and what a task raises.
    """
    if not items:
        return []
    with _connected(address) as ray:
        resources = _resources(ray, gpu)
        task = ray.remote(_in_worker).options(**resources, max_retries=RETRIES)
        running = {task.remote(function, item, Path.cwd(), resources['num_cpus']): name for name, item in items.items()}
        results: dict[str, R] = {}
        while len(results) < len(items):
            (reference,), _ = ray.wait([each for each, name in running.items() if name not in results])
            name = running[reference]
            results[name] = _result(ray, name, reference)
            console.print(f'{name}: done, {len(results)} of {len(items)}')
        return [results[name] for name in items]


@contextmanager
def _connected(address: str) -> Iterator[ModuleType]:
    ray = _import_ray()
    options = {'include_dashboard': False} if address == LOCAL else {}
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigError(f'--ray {address}: {_one_line(str(error))}') from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _import_ray() -> ModuleType:
    """Ray, without a word of its own on the terminal; its logs are where it keeps them."""
    os.environ['RAY_USAGE_STATS_ENABLED'] = '0'
    os.environ['RAY_DEDUP_LOGS_SKIP_REGEX'] = '.*'  # what it tells of processes that died
    os.environ['RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO'] = '0'  # it would advise to set this
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ConfigError(f"--ray needs {error.name}: pip install 'uncd_ros[cluster]'") from None
    module: ModuleType = ray
    return module


def _one_line(reason: str) -> str:
    return ' '.join(reason.split())[:400]


def _resources(ray: ModuleType, gpu: bool) -> dict[str, int]:
    """What a task takes; no more than the largest machine has, for it would wait without end."""
    import torch

    machines = [node['Resources'] for node in ray.nodes() if node['Alive']]
    if gpu and any(machine.get('GPU') for machine in machines):
        return {'num_cpus': 1, 'num_gpus': 1}
    most = max(int(machine.get('CPU', 0)) for machine in machines)
    return {'num_cpus': max(1, min(torch.get_num_threads(), most))}


def _in_worker(function: Callable[[T], R], item: T, folder: Path, threads: int) -> R:
    """In the folder of the command, so that relative paths are the same, and with as many threads."""
    import torch

    try:
        os.chdir(folder)
    except OSError as error:
        raise ConfigError(
            f'{folder} on {platform.node()}: {error.strerror}, expected the same folders on all machines of the cluster'
        ) from None
    torch.set_num_threads(threads)
    return function(item)


def _result(ray: ModuleType, name: str, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        cause = error.cause if isinstance(error, ray.exceptions.RayTaskError) else error
        if isinstance(cause, UncdError):
            raise cause from None
        if isinstance(cause, ray.exceptions.RayError):
            raise UncdError(f'{name}: Ray gave it up: {str(cause).strip().splitlines()[0]}') from None
        raise
