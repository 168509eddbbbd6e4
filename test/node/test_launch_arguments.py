# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of the launch file, without launch: what they mean, and what is refused."""

import re
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from support.project import PROJECT
from uncd_ros.errors import ConfigError
from uncd_ros.node.launch_arguments import CHOICES, LaunchArguments, check_command
from uncd_ros.node.respawn import FAILURES, LASTING, Respawn

DECLARED = re.findall(r"DeclareLaunchArgument\(\s*'(\w+)'", (PROJECT / 'launch' / 'perception.launch.py').read_text())
DEFAULTS = {
    **dict.fromkeys(DECLARED, ''),
    'params_file': str(PROJECT / 'config' / 'perception.yaml'),
    'image': 'image_raw',
    'rate': '0.0',
    **dict.fromkeys(('loop', 'rviz', 'record', 'use_sim_time'), 'false'),
    **dict.fromkeys(('respawn', 'large_images'), 'true'),
    'log_level': 'info',
}


def read(**values: str) -> LaunchArguments:
    """Arguments of which some differ from the defaults."""
    return LaunchArguments.read(DEFAULTS | values)


def parameter_file(folder: Path, text: str) -> str:
    """A parameter file with this content."""
    file = folder / 'robot.yaml'
    file.write_text(text, encoding='latin-1')
    return str(file)


def test_defaults_leave_all_to_the_parameter_file() -> None:
    arguments = read()
    assert arguments.overrides == {}
    assert (arguments.model, arguments.cameras, arguments.image_transport) == ('camvid', ('',), 'raw')
    assert (arguments.rate, arguments.loop, arguments.respawn) == (0.0, False, True)
    assert set(CHOICES) <= set(DECLARED)


def test_switches_may_be_spelt_as_in_python() -> None:
    arguments = read(use_sim_time='True', large_images='False', autostart='False')
    assert (arguments.use_sim_time, arguments.large_images) == (True, False)
    assert arguments.overrides == {'autostart': False}


def test_a_folder_is_no_parameter_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='is a folder, expected a YAML file'):
        read(params_file=str(tmp_path))


def test_arguments_outweigh_the_parameter_file(tmp_path: Path) -> None:
    file = parameter_file(
        tmp_path,
        '/**: {ros__parameters: {model: street, image_transport: compressed, someone_elses: 1}}\n'
        '/**/segmentation: {ros__parameters: {cameras: [front, left], ood: {hold: 2.0}}}\n'
        '/other/segmentation: {ros__parameters: {model: other}}\n',
    )
    arguments = read(params_file=file, autostart='false', rate='12.5')
    assert (arguments.model, arguments.cameras, arguments.image_transport) == (
        'street',
        ('front', 'left'),
        'compressed',
    )
    assert (arguments.overrides, arguments.rate) == ({'autostart': False}, 12.5)
    assert read(params_file=file, namespace='other').model == 'other'
    arguments = read(params_file=file, model='camvid', cameras='rear, top', image_transport='raw')
    assert arguments.overrides == {'model': 'camvid', 'cameras': ['rear', 'top'], 'image_transport': 'raw'}
    assert (arguments.model, arguments.cameras, arguments.image_transport) == ('camvid', ('rear', 'top'), 'raw')


@pytest.mark.parametrize(
    ('pattern', 'node_namespace', 'applies'),
    [
        ('segmentation', '', True),
        ('/**', 'a/b', True),
        ('/**/segmentation', '', True),
        ('/*/segmentation', 'a', True),
        ('/*/segmentation', 'a/b', False),
        ('/a/segmentation', '', False),
    ],
)
def test_sections_apply_as_ros_has_it(tmp_path: Path, pattern: str, node_namespace: str, applies: bool) -> None:
    file = parameter_file(tmp_path, f'"{pattern}": {{ros__parameters: {{model: street}}}}\n')
    if applies:
        assert read(params_file=file, namespace=node_namespace).model == 'street'
    else:
        with pytest.raises(ConfigError, match=r'expected a section /\*\*/segmentation, found '):
            read(params_file=file, namespace=node_namespace)


@pytest.mark.parametrize(
    ('argument', 'value', 'expected'),
    [
        ('params_file', '/nowhere.yaml', 'a YAML file such as config/perception.yaml'),
        ('device', 'gpu', 'auto, cpu, cuda or cuda:N'),
        ('autostart', 'yes', 'true or false'),
        ('namespace', 'robot-1', 'a name such as front/camera'),
        ('cameras', 'front,front', 'names of letters, digits and _ with commas between, no two alike'),
        ('cameras', ',', 'names of letters, digits and _'),
        ('image', 'bad//topic', 'a name such as front/camera'),
        ('image', '', 'a name such as front/camera'),
        ('image_transport', 'jpeg', 'raw or compressed'),
        ('source', '/nowhere.mp4', "'street', a video file, a folder of images or a bag that exists"),
        ('rate', 'ten', "images per second from 0, the source's own, to 1000"),
        ('rate', '-1', 'images per second from 0'),
        ('rate', 'nan', 'images per second from 0'),
        ('loop', '1', 'true or false'),
        ('log_level', 'loud', 'debug or info or warn or error'),
    ],
)
def test_bad_value_is_one_line_that_names_argument_value_and_what_is_expected(
    argument: str, value: str, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**{argument: value})
    line = str(caught.value)
    assert argument in line
    assert value in line
    assert f'expected {expected}' in line
    assert '\n' not in line


@pytest.mark.parametrize(
    ('content', 'told'),
    [
        ('a: [1', "', but got '<stream end>' in \""),
        ('a: \xff', 'is not YAML: '),
        ('', 'found no section with ros__parameters'),
        (
            '/perception: {ros__parameters: {}}',
            'nothing for /segmentation, expected a section /**/segmentation, found /pe',
        ),
        ('/**/segmentation: {ros__parameters: {modle: x}}', "unknown parameter 'modle', did you mean 'model'?"),
        (
            '/segmentation: {ros__parameters: {ood: {holt: 1.0}}}',
            "unknown parameter 'ood.holt', did you mean 'ood.hold'?",
        ),
        ('/segmentation: {ros__parameters: {max_rate: 5}}', "max_rate is '5', expected a number such as 1.0 from 0 to"),
        (
            '/segmentation: {ros__parameters: {max_rate: -5.0}}',
            "max_rate is '-5.0', expected a number such as 1.0",
        ),
        ('/segmentation: {ros__parameters: {palette: pink}}', "palette is 'pink', expected model or colour_blind"),
        ('/segmentation: {ros__parameters: {cameras: front}}', "cameras is 'front', expected texts"),
    ],
)
def test_bad_parameter_file_is_one_line(tmp_path: Path, content: str, told: str) -> None:
    file = parameter_file(tmp_path, content)
    with pytest.raises(ConfigError, match=f'params_file {re.escape(file)}.*{re.escape(told)}') as caught:
        read(params_file=file)
    assert '\n' not in str(caught.value)


def test_unknown_launch_argument_is_refused_where_this_file_is_launched() -> None:
    command = ['ros2', 'launch', 'uncd_ros', 'perception.launch.py', 'model:=street', 'modle:=street']
    with pytest.raises(ConfigError, match=r"unknown launch argument 'modle', did you mean 'model'\?"):
        check_command(command, DECLARED)
    check_command([*command[:-1], 'sigterm_timeout:=9'], DECLARED)
    check_command(['ros2', 'launch', 'my_robot', 'robot.launch.py', 'modle:=street'], DECLARED)


def test_topics_of_a_camera() -> None:
    arguments = read(image='camera/image', namespace='/robot/', cameras='front', image_transport='compressed')
    assert arguments.camera_topics('front') == {
        'front/image_raw': 'front/camera/image',
        'front/image_raw/compressed': 'front/camera/image/compressed',
        'front/camera_info': 'front/camera/camera_info',
    }
    assert arguments.rviz_topics() == {
        '/image_raw': '/robot/front/camera/image/compressed',
        '/segmentation/overlay': '/robot/segmentation/front/overlay',
        '/segmentation/uncertainty': '/robot/segmentation/front/uncertainty',
        '/segmentation/anomaly': '/robot/segmentation/front/anomaly',
    }
    assert read(image='/camera/image').rviz_topics()['/image_raw'] == '/camera/image'
    assert read().camera_topics('')['camera_info'] == 'camera_info'


def test_respawn_gives_up_after_failures_in_a_row() -> None:
    respawn = Respawn()
    for _ in range(FAILURES - 1):
        respawn.started(0.0)
        assert respawn.died(LASTING / 2)
    assert not respawn.died(LASTING / 2)


def test_a_node_that_ran_for_a_while_has_not_failed_to_start() -> None:
    respawn = Respawn()
    for start in range(0, 1000, 100):
        respawn.started(start)
        assert respawn.died(start + LASTING)
