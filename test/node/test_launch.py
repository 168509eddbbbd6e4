# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch file through the real `launch`, and the files that it hands out."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger

from support.ros_harness import PROJECT, Probe, Process
from uncd_ros.images.encodings import as_array
from uncd_ros.model.store import load_card
from uncd_ros.node.outputs import TOPICS
from uncd_ros.node.params import PERCEPTION
from uncd_ros.node.rviz_config import rviz_config, uncertainty_upper


def flatten(values: dict[str, object], prefix: str = '') -> Iterator[tuple[str, object]]:
    """Nested names as ROS spells them: with dots."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from flatten(value, f'{prefix}{name}.')
        else:
            yield f'{prefix}{name}', value


def test_parameter_file_is_the_declared_defaults() -> None:
    content = yaml.safe_load((PROJECT / 'config' / 'perception.yaml').read_text())
    expected = [(p.name, list(p.default) if isinstance(p.default, tuple) else p.default) for p in PERCEPTION]
    assert list(flatten(content['/**/segmentation']['ros__parameters'])) == expected


def test_rviz_shows_every_frame_on_the_same_scale() -> None:
    content = yaml.safe_load((PROJECT / 'rviz' / 'perception.rviz').read_text())
    displays = {each['Name']: each for each in content['Visualization Manager']['Displays']}
    assert displays['Camera']['Topic']['Value'] == '/image_raw'
    assert displays['Overlay']['Topic']['Value'] == '/segmentation/overlay'
    uncertainty = displays['Uncertainty']
    assert uncertainty['Topic']['Value'] == '/segmentation/uncertainty'
    assert (uncertainty['Normalize Range'], uncertainty['Min Value'], uncertainty['Max Value']) == (False, 0, 1)


def test_rviz_shows_uncertainty_on_the_scale_of_the_model_and_topics_of_the_camera() -> None:
    default = (PROJECT / 'rviz' / 'perception.rviz').read_text()
    topics = {'/image_raw': '/front/camera/image', '/segmentation/overlay': '/front/segmentation/overlay'}
    config = rviz_config(default, 0.5, topics)
    before, after = (yaml.safe_load(text)['Visualization Manager']['Displays'] for text in (default, config))
    assert after[2] == before[2] | {'Max Value': 0.5}
    own = ['/segmentation/uncertainty', '/segmentation/anomaly']
    assert [display['Topic']['Value'] for display in after] == [*topics.values(), *own]


def test_scale_of_rviz_is_read_from_the_card(tiny_model: Path, tmp_path: Path) -> None:
    assert uncertainty_upper(tiny_model) == load_card(tiny_model).uncertainty.upper == 0.5
    assert uncertainty_upper(tmp_path) == 1.0


def test_launching_needs_nothing_from_pip() -> None:
    modules = 'uncd_ros.model.find, uncd_ros.node.launch_arguments, uncd_ros.node.rviz_config, uncd_ros.node.transport'
    heavy = "{'torch', 'safetensors', 'dacite', 'rosbags', 'cv2'}"
    program = f'import sys, {modules}; print({heavy} & set(sys.modules))'
    ended = subprocess.run([sys.executable, '-c', program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ended.stdout == 'set()\n'


def test_foxglove_shows_topics_that_the_node_has() -> None:
    layout = json.loads((PROJECT / 'foxglove' / 'perception.json').read_text())
    panels = layout['configById']

    def leaves(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            yield from (*leaves(part['first']), *leaves(part['second']))
        else:
            yield str(part)

    assert sorted(leaves(layout['layout'])) == sorted(panels)
    shown = set(re.findall(r'/segmentation/(\w+)', json.dumps(panels)))
    assert shown == {'overlay', 'uncertainty', 'ood', 'ood_score', 'ood_status'}
    assert shown <= set(TOPICS)
    uncertainty = panels['Image!uncertainty']['imageMode']
    assert (uncertainty['minValue'], uncertainty['maxValue']) == (0, 1)


def joined(*paths: Path | str | None) -> str:
    """As a search path."""
    return os.pathsep.join(str(path) for path in paths if path)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A prefix as `colcon build` makes it, whose executables run what lies in the sources."""
    prefix = tmp_path / 'install'
    marker = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages' / 'uncd_ros'
    executables = prefix / 'lib' / 'uncd_ros'
    for folder in (marker.parent, executables):
        folder.mkdir(parents=True)
    marker.touch()
    (prefix / 'share' / 'uncd_ros').symlink_to(PROJECT)
    for name in ('perception_node', 'image_player', 'event_recorder'):
        script = executables / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -m uncd_ros.node.{name} "$@"\n')
        script.chmod(0o755)
    return prefix


def answered(probe: Probe, image_topic: str, mask_topic: str) -> Iterator[tuple[Any, Image]]:
    """Images that were heard, each with its mask."""
    masks = {(msg.header.stamp.sec, msg.header.stamp.nanosec): msg for msg in probe.heard[mask_topic]}
    for image in probe.heard[image_topic]:
        key = (image.header.stamp.sec, image.header.stamp.nanosec)
        if key in masks:
            yield image, masks[key]


def launched(installed: Path, log: Path, *arguments: str) -> Process:
    """The launch file, running."""
    pytest.importorskip('launch_ros', reason='launch and launch_ros come with a ROS distribution, not from pip')
    extra = {
        'AMENT_PREFIX_PATH': joined(installed, os.environ.get('AMENT_PREFIX_PATH')),
        'PYTHONPATH': joined(PROJECT, PROJECT / 'test', os.environ.get('PYTHONPATH')),
    }
    launch_file = str(PROJECT / 'launch' / 'perception.launch.py')
    # After Ctrl-C, which reaches the nodes only in a terminal, launch sends SIGTERM in 5 s and SIGKILL 5 s later: the
    # former may come at once, the latter is too soon for a busy machine.
    more = ('source:=street', 'respawn:=false', 'sigterm_timeout:=0.1', 'sigkill_timeout:=80')
    return Process(log, 'support.launch_main', launch_file, *arguments, *more, extra=extra)


@pytest.mark.parametrize(
    ('arguments', 'image_topic', 'mask_topic'),
    [
        (('namespace:=front', 'image:=camera/image'), '/front/camera/image', '/front/segmentation/mask'),
        (
            ('cameras:=left,right', 'image:=camera/image', 'image_transport:=compressed'),
            '/right/camera/image/compressed',
            '/segmentation/right/mask',
        ),
    ],
)
def test_launch_file(
    installed: Path, tiny_model: Path, tmp_path: Path, arguments: tuple[str, ...], image_topic: str, mask_topic: str
) -> None:
    process = launched(installed, tmp_path / 'log.txt', f'model:={tiny_model}', *arguments)
    probe = Probe()
    try:
        image_kind = CompressedImage if image_topic.endswith('compressed') else Image
        for kind, topic in ((image_kind, image_topic), (Image, mask_topic), (DiagnosticArray, '/diagnostics')):
            probe.listen(kind, topic)
        # The first masks may answer images from before this probe was known to the player.
        image, mask = probe.until(lambda: next(answered(probe, image_topic, mask_topic), None), 60.0)
        assert (mask.height, mask.width) == as_array(image).shape[:2]
        status = probe.until(lambda: next(iter(probe.heard['/diagnostics']), None)).status[0]
        assert {'model': 'tiny'}.items() <= {each.key: each.value for each in status.values}.items()
        assert process.end(signal.SIGINT, timeout=90.0) == 0
        assert 'process has died' not in process.output
        assert 'Traceback' not in process.output
    finally:
        process.kill()
        probe.close()


def test_recorder_beside_the_node(installed: Path, tiny_model: Path, tmp_path: Path) -> None:
    """In the node's namespace; what it is to do is in the same parameter file."""
    file, folder = tmp_path / 'robot.yaml', tmp_path / 'events'
    file.write_text(
        f'/**/segmentation: {{ros__parameters: {{model: {tiny_model}}}}}\n'
        f'/**/event_recorder: {{ros__parameters: {{folder: {folder}, before: 3.0, after: 0.1, min_free_mb: 0}}}}\n'
    )
    process = launched(installed, tmp_path / 'log.txt', f'params_file:={file}', 'namespace:=front', 'record:=true')
    probe = Probe()
    try:
        probe.until(lambda: 'recording /front/image_raw' in process.output, 60.0)
        answer = probe.call(Trigger, '/front/event_recorder/trigger', Trigger.Request())
        bag = Path(answer.message)
        assert bag.parent == folder
        probe.until(bag.is_dir, 60.0)
        assert process.end(signal.SIGINT, timeout=90.0) == 0
        assert 'process has died' not in process.output
    finally:
        process.kill()
        probe.close()


@pytest.mark.parametrize(
    ('argument', 'told'),
    [
        ('params_file:=/nowhere.yaml', 'params_file /nowhere.yaml not found'),
        ('modle:=street', "unknown launch argument 'modle', did you mean 'model'?"),
        ('model:=strete', "model 'strete' not found"),
        ('rate:=ten', "launch argument rate is 'ten', expected images per second"),
    ],
)
def test_mistake_ends_the_launch_with_one_line(installed: Path, tmp_path: Path, argument: str, told: str) -> None:
    process = launched(installed, tmp_path / 'log.txt', argument)
    assert process.wait() == 1
    lines = [line for line in process.output.splitlines() if '[INFO]' not in line]
    assert len(lines) == 1, process.output
    assert told in lines[0]
    assert 'process started' not in process.output
