# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""On what a benchmark ran."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

FEATURES = ('avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'amx_tile', 'asimddp', 'bf16')
"""Of a CPU, as Linux calls them, that decide how fast a precision is."""
PACKAGES = ('torch', 'numpy', 'opencv-python-headless', 'openvino', 'nncf', 'rclpy')


def environment() -> dict[str, str]:
    """For a person who compares two runs."""
    cpu = dict(line.split(':', 1) for line in Path('/proc/cpuinfo').read_text().splitlines() if ':' in line)
    found = {name.strip(): value.strip() for name, value in cpu.items()}
    features = found.get('flags', found.get('Features', '')).split()
    return {
        'cpu': found.get('model name', platform.machine()),
        'features': ' '.join(name for name in FEATURES if name in features),
        'cores': str(len(os.sched_getaffinity(0))),
        'threads': str(torch.get_num_threads()),
        'load': f'{os.getloadavg()[0]:.2f} before it began, expected less than 0.5 for times that hold',
        'cuda': torch.cuda.get_device_name() if torch.cuda.is_available() else 'none: nothing is measured on a GPU',
        'system': platform.platform(),
        'python': platform.python_version(),
        **{name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ''
