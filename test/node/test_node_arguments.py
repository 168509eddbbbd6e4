# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a node is told on its command line: help, names that it does not know, and what ROS refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from support.ros_harness import environment
from uncd_ros.node.image_player import HELP as PLAYER_HELP
from uncd_ros.node.node_help import NodeHelp
from uncd_ros.node.outputs import TOPICS
from uncd_ros.node.parameter_names import complaint, nearest, shared_names
from uncd_ros.node.params import PERCEPTION
from uncd_ros.node.perception_help import PERCEPTION_HELP
from uncd_ros.node.perception_node import main as perception_node
from uncd_ros.node.process import asks_for_help
from uncd_ros.node.recorder_params import HELP as RECORDER_HELP
from uncd_ros.node.viewer import HELP as VIEWER_HELP


def player(*arguments: str, **variables: str) -> tuple[int, str, str]:
    """Status, output and errors of a player that has nothing to play; `variables` of its environment."""
    command = [sys.executable, '-m', 'uncd_ros.node.image_player', *arguments]
    env = environment() | variables
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60.0, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def test_help_is_printed_and_nothing_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert perception_node(['perception_node', '--help', '--ros-args', '-p', 'model:=/nowhere']) == 0
    printed = capsys.readouterr()
    assert printed.out == PERCEPTION_HELP.text()
    assert not printed.err


@pytest.mark.parametrize(
    'about', [PERCEPTION_HELP, PLAYER_HELP, RECORDER_HELP, VIEWER_HELP], ids=lambda about: about.program
)
def test_help_tells_every_parameter_with_default_unit_and_range(about: NodeHelp) -> None:
    text = about.text()
    assert max(map(len, text.splitlines())) <= 100
    for each in about.parameters:
        entry = ' '.join(text.split(f'\n  {each.name}  (', 1)[1].split())
        assert each.text in entry
        assert all(choice in entry for choice in each.choices)
        assert all(f'{end:.10g}' in entry for end in (each.low, each.high) if end is not None)
        assert each.unit in entry


def test_help_of_the_node_tells_every_topic() -> None:
    told = {topic.name: topic.type for topic in PERCEPTION_HELP.published}
    assert {name.removeprefix('~/') for name in told} == {*TOPICS, 'label_info', 'obstacles', '/diagnostics'}
    assert all(told[f'~/{name}'].startswith(kind.__name__) for name, kind in TOPICS.items())


def test_unknown_parameter_is_refused_with_the_nearest_name() -> None:
    status, _, errors = player('--ros-args', '-p', 'sorce:=street', '-p', 'use_sim_time:=false')
    assert (status, errors) == (1, "error: unknown parameter 'sorce', did you mean 'source'?\n")


def test_parameter_file_may_hold_what_is_for_others(tmp_path: Path) -> None:
    file = tmp_path / 'robot.yaml'
    shared = '/**: {ros__parameters: {lop: true, robot_description: none, use_sim_time: false}}\n'
    other = '/other: {ros__parameters: {sorce: street}}\n'
    qos = '"qos_overrides./image_raw.publisher.depth": 3'
    file.write_text(f'{shared}{other}image_player: {{ros__parameters: {{source: /nowhere, {qos}}}}}\n')
    status, _, errors = player('--ros-args', '--params-file', str(file))
    assert status == 1
    warning, error = errors.splitlines()
    assert "unknown parameter 'lop', did you mean 'loop'?" in warning
    assert error.startswith('error: /nowhere: not found')
    file.write_text('/image_player: {ros__parameters: {a: {b: 1}}}\n')
    status, _, errors = player('--ros-args', '--params-file', str(file))
    assert (status, errors.startswith("error: unknown parameter 'a.b', expected"), errors.count('\n')) == (1, True, 1)


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        ('-r image_raw:=/camera', "unknown argument '-r', expected --help, or --ros-args"),
        ('street', "unknown argument 'street', expected --help, or --ros-args"),
        ('--ros-args --loop', '--loop'),
        ('--ros-args -r image_raw:=bad//topic', "remap rule: '-r image_raw:=bad//topic';"),
        ('--ros-args -r __ns:=bad-name', "remap rule: '-r __ns:=bad-name';"),
        ('--ros-args --params-file /nowhere.yaml', "'--params-file /nowhere.yaml'. Error: Error opening YAML file;"),
    ],
)
def test_what_ros_does_not_take_is_one_line(capfd: pytest.CaptureFixture[str], arguments: str, told: str) -> None:
    assert perception_node(['perception_node', *arguments.split()]) == 1
    line = capfd.readouterr().err.splitlines()[-1]  # rcl itself may first warn of an old way to write it
    assert line.startswith('error: ')
    assert told in line


def test_a_log_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / 'file'
    file.touch()
    status, _, errors = player(ROS_LOG_DIR=str(file))
    assert (status, errors.count('\n')) == (1, 1)
    assert all(fact in errors for fact in ('error: ROS failed to initialize logging', str(file), 'set ROS_LOG_DIR'))


@pytest.mark.parametrize('domain', ['233', '-1', 'abc'])
def test_a_domain_that_ros_has_not_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], domain: str
) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', domain)
    assert perception_node(['perception_node']) == 1
    expected = f"error: ROS_DOMAIN_ID is '{domain}', expected a whole number from 0 to 232\n"
    assert capfd.readouterr().err == expected


def test_a_middleware_that_is_not_there_is_named() -> None:
    status, _, errors = player(RMW_IMPLEMENTATION='rmw_nowhere_cpp')
    assert status != 0  # ROS itself ends the process, and says so in its own way
    assert 'rmw_nowhere_cpp' in errors
    assert 'Traceback' not in errors


def test_words_for_ros_are_not_asked_about() -> None:
    assert not asks_for_help(['node', '--ros-args', '-r', 'image_raw:=/camera', '--log-level', 'info'])
    assert asks_for_help(['node', '-h'])


def test_nearest_name() -> None:
    names = [parameter.name for parameter in PERCEPTION]
    assert nearest('modle', names) == 'model'
    assert nearest('ood_hold', names) == 'ood.hold'
    assert nearest('robot_description', names) == ''
    assert complaint('parameter', 'xyz', names) == "unknown parameter 'xyz', expected a name that --help lists"


def test_shared_names_are_those_of_every_node(tmp_path: Path) -> None:
    file = tmp_path / 'file.yaml'
    file.write_text('/**:\n  ros__parameters: {a: 1}\n/**/segmentation:\n  ros__parameters: {b: 1}\n')
    file2 = tmp_path / 'file2.yaml'
    file2.write_text(
        '"*":\n  ros__parameters: {c: {d: !!python/tuple [1]}}\nfront:\n  segmentation:\n    ros__parameters: {e: 1}\n'
    )
    assert list(shared_names(['--params-file', str(file), '--params-file', str(file2)])) == ['a', 'c.d']
