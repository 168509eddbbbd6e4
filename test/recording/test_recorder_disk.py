# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags are whole or not there, whatever becomes of the process and of the disk."""

import os
import re
import signal
import subprocess
import sys
import time

from support.project import PROJECT
from support.recorded_drive import PLENTY, numbers
from uncd_ros.recording.bag_folder import BagFolder

PATHS = os.environ | {'PYTHONPATH': os.pathsep.join(map(str, (PROJECT, PROJECT / 'test')))}
FULL = """
import resource
import sys
from pathlib import Path
from support.recorded_drive import Drive
drive = Drive(Path(sys.argv[1]), size=200_000)
before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, most))
drive.play(40, 20).settle()
resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
drive.play(90, 60)
assert drive.bags() == [list(range(50, 66))]
print(drive.outcomes[0].fault)
"""


def test_a_write_that_the_system_refuses_costs_its_bag_alone(tmp_path):
    """No stand-in for the disk: the system itself ends the file in the middle of a message."""
    command = [sys.executable, '-c', FULL, str(tmp_path)]
    ended = subprocess.run(command, env=PATHS, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(r'\S+: cannot be written \(File too large\); .* removed\n', ended.stdout)
    assert list(tmp_path.glob('.unfinished/event*')) == []


KILLED = """
import sys
import time
from pathlib import Path
from support.recorded_drive import Drive, EventTimes
drive = Drive(Path(sys.argv[1]), times=EventTimes(before=1.0, after=0.5, longest=1e4), size=200_000)
drive.play(40, 20).settle()
for index in range(40, 10**6):
    drive.play(index + 1, index)
    time.sleep(0.01)
"""


def test_kill_9_leaves_whole_bags_or_none(tmp_path):
    process = subprocess.Popen([sys.executable, '-c', KILLED, str(tmp_path)], env=PATHS)
    try:
        while not (list(tmp_path.glob('event*')) and any(tmp_path.glob('.unfinished/event*/*.mcap'))):
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert [numbers(bag) for bag in tmp_path.glob('event*')] == [list(range(10, 26))]
    folder = BagFolder(tmp_path, PLENTY)
    assert len(folder.bags()) == 1
    assert list(tmp_path.glob('.unfinished/event*')) == []
