# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag played to the real node: every image is accounted for; without ROS the rest works."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import CAMERA, camera_bag, camera_message, picture, write_bag
from support.project import PROJECT
from uncd_ros.bags.topics import IMAGE
from uncd_ros.errors import BagError
from uncd_ros.sources.frame_source import open_source


def test_a_bag_is_a_source_of_frames(tmp_path: Path) -> None:
    bag = camera_bag(tmp_path / 'bag', 6)
    for spec in (str(bag), f'{bag}:{CAMERA}'):
        source = open_source(spec)
        assert (source.name, source.fps, source.frame_count) == ('bag', pytest.approx(10.0), 6)
        for _ in range(2):
            frames = list(source)
            assert len(frames) == 6
            assert all((frame == picture(i)).all() for i, frame in enumerate(frames))
    with pytest.raises(BagError, match='--image-topic /nowhere: no such topic'):
        open_source(f'{bag}:/nowhere')


def test_a_frame_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    good = camera_message(0)
    bag = write_bag(
        tmp_path / 'bag', [(CAMERA, IMAGE, 1, good), (CAMERA, IMAGE, 2, good[:50]), (CAMERA, IMAGE, 3, good)]
    )
    assert len(list(open_source(str(bag)))) == 2


def test_without_ros_live_is_refused_in_one_line_and_the_rest_works(tiny_model: Path, tmp_path: Path) -> None:
    bag = camera_bag(tmp_path / 'bag', 3)
    program = (
        'import sys\n'
        'class NoRos:\n'
        '    def find_spec(self, name, path=None, target=None):\n'
        '        if name.split(".")[0] == "rclpy" or name.split(".")[0].endswith("_msgs"):\n'
        '            raise ModuleNotFoundError(f"No module named {name!r}", name=name)\n'
        'sys.meta_path.insert(0, NoRos())\n'
        'from uncd_ros.evaluate_bag import main\n'
        'sys.exit(main(sys.argv[1:]))\n'
    )
    for options, status in (((), 0), (('--live', '1'), 1)):
        arguments = [str(bag), '--model', str(tiny_model), '--out', str(tmp_path / 'out'), *options]
        done = subprocess.run(
            [sys.executable, '-c', program, *arguments], capture_output=True, text=True, check=False, cwd=PROJECT
        )
        assert done.returncode == status, done.stderr
    assert done.stderr.startswith('error: --live needs ') and done.stderr.count('\n') == 1


def test_every_image_of_a_bag_is_accounted_for(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('rclpy', reason='needs rclpy and the message packages')
    from support.ros_harness import environment
    from uncd_ros.bag_evaluation import rate_search
    from uncd_ros.evaluate_bag import main
    from uncd_ros.node import live_replay

    monkeypatch.setattr(live_replay, 'SECONDS', 1.0)
    monkeypatch.setattr(live_replay, 'IMAGES', 8)
    monkeypatch.setattr(rate_search, 'HIGHEST', 20.0)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    bag, out = camera_bag(tmp_path / 'bag', 12), tmp_path / 'out'
    assert main([str(bag), '--model', str(tiny_model), '--out', str(out), '--live', '1']) == 0
    content = json.loads((out / 'live.json').read_text())
    for run in (content['asked'], content['plain_sender'], *content['runs']):
        assert run['sent'] == run['answered'] + run['node_dropped'] + run['lost'] + run['faults']
        assert 0.0 < run['p50_ms'] <= run['p95_ms'] <= run['p99_ms'] and run['jitter_ms'] >= 0.0
    assert content['asked']['sent'] == 12 and content['asked']['wanted_rate'] == pytest.approx(10.0)
    assert content['device'] == 'cpu' and content['runs']
    assert any('/segmentation subscribed to /image_raw' in sentence for sentence in content['subscribed'])
    if content['asked']['answered'] == 12:  # or the machine was too busy, and the node's window is another
        assert (content['flags']['compared'], content['flags']['equal']) == (12, 12)
        assert content['flags']['largest_difference'] < 1e-4
    page = (out / 'report.html').read_text()
    assert 'Played to the node' in page and 'live flags' in page
    assert 'Played' not in (out / 'report.json').read_text(), 'what differs from run to run is kept apart'
