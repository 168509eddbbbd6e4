# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the main thread of a node's process works off, and the end of a process whose main thread does not return."""

import os
import subprocess
import sys
import time
from unittest.mock import Mock

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from support.project import PROJECT
from support.ros_harness import DOMAIN
from uncd_ros.node.main_thread import MainThread
from uncd_ros.node.worker import STALL_AFTER, Worker

STUCK = f"""
import threading, time
import rclpy
from rclpy.node import Node
from rclpy.task import Future
from uncd_ros.node.main_thread import MainThread
from uncd_ros.node.process import spin


class Stuck(Node):
    def __init__(self):
        super().__init__('stuck')
        self.finished, self.main_thread = Future(), MainThread()

    def start(self):
        assert threading.current_thread() is threading.main_thread()
        self.main_thread.submit(lambda: time.sleep(1000.0))
        self.create_timer(0.1, lambda: self.finished.set_result(None))
        return True

    def stop(self):
        print('stopped')


rclpy.init(domain_id={DOMAIN})
spin(Stuck, 'stuck')
"""


def test_jobs_run_in_turn_and_an_error_ends_only_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    main_thread, done = MainThread(), []
    main_thread.submit(lambda: done.append(1))
    main_thread.submit(lambda: sys.exit('a library gave up'))
    main_thread.submit(lambda: done.append(2))
    main_thread.end()
    main_thread.run()
    assert done == [1, 2]
    assert 'a library gave up' in capsys.readouterr().err


def test_a_worker_that_waits_for_a_pass_from_before_says_so() -> None:
    main_thread = MainThread()
    worker = Worker(Mock(), main_thread)
    assert worker.stall(time.monotonic()) == ''
    assert worker.stall(time.monotonic() + STALL_AFTER + 1.0).startswith('inference has not begun for')
    assert worker.close() == ''  # without waiting for what has not begun
    main_thread.end()
    main_thread.run()
    assert worker.stall(time.monotonic() + STALL_AFTER + 1.0) == ''


def test_a_process_ends_although_its_main_thread_does_not_return() -> None:
    done = subprocess.run(
        [sys.executable, '-c', STUCK], cwd=PROJECT, capture_output=True, text=True, timeout=60.0, check=False
    )
    assert (done.returncode, done.stdout) == (0, 'stopped\n'), done.stderr


@pytest.mark.parametrize(('name', 'default'), [('GOMP_SPINCOUNT', '0'), ('OPENCV_FOR_THREADS_NUM', '1')])
@pytest.mark.parametrize('users', [None, '10000'])
def test_no_thread_spins_unless_the_user_says_so(name: str, default: str, users: str | None) -> None:
    program = f"import sys, os, uncd_ros.node; print(os.environ['{name}'], {{'torch', 'cv2'}} & set(sys.modules))"
    environment = {key: value for key, value in os.environ.items() if key != name}
    environment |= {name: users} if users else {}
    command = [sys.executable, '-c', program]
    ended = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == f'{users or default} set()\n'
