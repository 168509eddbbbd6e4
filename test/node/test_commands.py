# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The console scripts, told to end before they have begun."""

import signal
import subprocess
import sys
import time

import pytest

from support.project import PROJECT

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')


@pytest.mark.parametrize('by', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('after', [0.05, 0.5])
def test_ends_without_a_word_while_python_reads_modules_in(by: signal.Signals, after: float) -> None:
    program = 'import sys; from uncd_ros.commands import perception_node; print("here", flush=True); perception_node()'
    process = subprocess.Popen(
        [sys.executable, '-c', program], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == 'here\n'
    time.sleep(after)
    process.send_signal(by)
    _, errors = process.communicate(timeout=10.0)
    assert 'Traceback' not in errors
    assert process.returncode == 0


@pytest.mark.parametrize(('program', 'module'), [('viewer', 'aiohttp'), ('event_recorder', 'rosbags')])
def test_what_is_not_installed_is_one_line(program: str, module: str) -> None:
    """--help needs it no more than it needs a robot."""
    without = f'import sys; sys.modules["{module}"] = None; from uncd_ros.commands import {program} as main; '
    told = f'error: {program} needs {module}, which is not installed: pip install {module}\n'
    for words, errors in ([], told), (['--help'], ''):
        command = [sys.executable, '-c', f'{without}sys.exit(main())', *words]
        ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert (ended.stderr, ended.returncode) == (errors, int(bool(errors)))
