# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node ends when it is told to, whatever it is doing, and gives back what it took."""

import gc
import re
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

import rclpy
import torch
from rclpy.parameter import Parameter

from support.camera_double import Camera, picture
from support.ros_harness import DOMAIN, Probe, Process, environment, perception_node
from support.untrained_model import save_untrained
from uncd_ros.network.student import StudentConfig
from uncd_ros.node.perception_node import PerceptionNode


@pytest.fixture(scope='module')
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student of a real one's size, which takes its time to load."""
    torch.manual_seed(0)
    return save_untrained(tmp_path_factory.mktemp('models') / 'slow', StudentConfig(num_classes=5))


@pytest.mark.parametrize('by', [signal.SIGINT, signal.SIGTERM])
def test_ends_while_it_loads(slow_model: Path, tmp_path: Path, by: signal.Signals) -> None:
    for delay in (0.0, 0.3, 0.6):  # seconds from the beginning of the load: somewhere in it, or after it
        with perception_node(tmp_path / f'{delay}.txt', slow_model) as process:
            while 'loading model' not in process.output:
                time.sleep(0.01)
            time.sleep(delay)
            assert process.end(by) == 0
            assert 'Traceback' not in process.output


@pytest.mark.parametrize('by', [signal.SIGINT, signal.SIGTERM])
def test_ends_under_load_with_every_image_accounted_for(slow_model: Path, tmp_path: Path, by: signal.Signals) -> None:
    probe = Probe()
    with perception_node(tmp_path / 'log.txt', slow_model) as process:
        camera = Camera(process, probe)
        camera.wait()
        image = picture(height=480, width=640)
        camera.ask(image)
        for _ in range(50):
            camera.publisher.publish(image)
            probe.within(0.01, lambda: False)
        assert process.end(by) == 0
        counts = process.output.rpartition('received ')[2]
        received, processed, dropped, faults, _ = map(int, re.findall(r'\d+', counts.partition('\n')[0]))
        assert received == processed + dropped + faults
        assert 'Traceback' not in process.output
    probe.close()


@pytest.mark.parametrize('by', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_is_repeated_does_not_cut_the_end_short(tmp_path: Path, by: signal.Signals) -> None:
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.image_player', '--ros-args', '-p', 'subscribers:=0')
    while 'images per second' not in process.output:
        time.sleep(0.01)
    assert process.end(*[by] * 20) == 0
    assert re.search(r'sent \d+ images\n\Z', process.output)


@pytest.mark.parametrize('by', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_the_end_of_ros_is_harmless(by: signal.Signals) -> None:
    steps = ('start_ros(["node"])', 'rclpy.shutdown()', f'os.kill(os.getpid(), {by.value})', 'print("lives")')
    program = '; '.join(('import os, rclpy', 'from uncd_ros.node.process import start_ros', *steps))
    ended = subprocess.run(
        [sys.executable, '-c', program], env=environment(), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, 'lives\n'), ended.stderr


def test_cleanup_gives_the_model_back(tiny_model: Path) -> None:
    rclpy.init(domain_id=DOMAIN)
    node = PerceptionNode()
    try:
        node.set_parameters([Parameter('model', value=str(tiny_model))])
        assert node.start()
        student = weakref.ref(node._active.predictor._predictor.engine.student)
        assert student() is not None
        node.main_thread.end()
        main = threading.Thread(target=node.main_thread.run)
        main.start()
        node.trigger_deactivate()
        main.join()
        node.trigger_cleanup()
        gc.collect()
        assert student() is None
    finally:
        node.destroy_node()
        rclpy.shutdown()


def test_a_start_without_memory_is_told(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def load(*_: object, **__: object) -> None:
        raise MemoryError('8 GiB')

    monkeypatch.setattr('uncd_ros.node.perception_node.load_predictor', load)
    rclpy.init(domain_id=DOMAIN)
    node = PerceptionNode()
    assert not node.start()  # status 1
    node.destroy_node()
    rclpy.shutdown()
    assert 'MemoryError: 8 GiB' in ''.join(capfd.readouterr())
