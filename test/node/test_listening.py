# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that listen to nodes end without a traceback, whenever they are told to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from support.ros_harness import DOMAIN

TOLD_TO_END = """
import signal, sys, time
import rclpy
from rclpy.node import Node
from uncd_ros.node import demo
from uncd_ros.node.listening import listening

def be_told_to_end():
    signal.raise_signal(signal.{signal})
    while rclpy.ok():
        time.sleep(0.01)
"""
MOMENTS = {
    'before there is a node': """
def make_node():
    be_told_to_end()
    return Node('late')

with listening(make_node):
    pass
""",
    'while it listens': """
with listening(lambda: Node('early')) as (node, spin):
    spin(be_told_to_end, 60.0)
""",
    'between two moments of listening': """
with listening(lambda: Node('early')) as (node, spin):
    be_told_to_end()
    node.count_publishers('/image_raw')
""",
}
DEMO = """
class Late(demo.Recorder):
    def __init__(self, *arguments, **named):
        be_told_to_end()
        super().__init__(*arguments, **named)

demo.Recorder = Late
sys.exit(demo.main(sys.argv[1:]))
"""


def run(program: str, number: str, *arguments: str) -> 'subprocess.CompletedProcess[str]':
    environment = os.environ | {'ROS_DOMAIN_ID': str(DOMAIN)}
    command = [sys.executable, '-c', TOLD_TO_END.format(signal=number) + program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize('moment', MOMENTS)
def test_a_signal_is_a_keyboard_interrupt(moment: str) -> None:
    ended = run(MOMENTS[moment], 'SIGTERM')
    assert ended.stderr.rstrip().endswith('KeyboardInterrupt'), ended.stderr
    assert 'During handling' not in ended.stderr


def test_the_demo_ends_without_a_traceback(tmp_path: Path) -> None:
    ended = run(DEMO, 'SIGINT', '--out', str(tmp_path))
    assert ended.returncode == 130, ended.stderr
    assert ended.stderr == ''
