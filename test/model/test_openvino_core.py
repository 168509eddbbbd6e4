# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What OpenVINO leaves behind in a process when its engines end."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('openvino', reason='needs the extra openvino')

from support.project import PROJECT

SIGNALLED = """
import gc, signal, subprocess, sys
from uncd_ros.model.engine_choice import choose_engine
from uncd_ros.model.engine_wish import ANY_ENGINE
from uncd_ros.model.store import load_model
signal.signal(signal.SIGCHLD, lambda *_: None)
for _ in range(2):
    first = choose_engine(load_model(sys.argv[1]), 'cpu', ANY_ENGINE, check=lambda: None)
    second = choose_engine(load_model(sys.argv[1]), 'cpu', ANY_ENGINE, check=lambda: None)
    del first
    gc.collect()
    del second
    gc.collect()
    subprocess.run(['true'], check=True)
"""


def test_a_process_survives_signals_when_engines_come_and_go(exported_model: Path) -> None:
    ended = subprocess.run([sys.executable, '-c', SIGNALLED, str(exported_model)], cwd=PROJECT, check=False)
    assert ended.returncode == 0
