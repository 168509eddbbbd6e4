# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0

from pathlib import Path

import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import CAMERA, PERIOD, START, camera_message, evaluate_bag, write_bag
from support.project import PROJECT
from uncd_ros.bag_evaluation.node_settings import _TYPES, NO_EFFECT, NodeSettings, read_node_settings
from uncd_ros.bags.topics import IMAGE
from uncd_ros.errors import ConfigError
from uncd_ros.evaluate_bag import parse_args
from uncd_ros.monitor.alarm import AlarmParams


def settings(folder: Path, text: str) -> NodeSettings:
    (folder / 'params.yaml').write_text(text)
    return read_node_settings(folder / 'params.yaml')


def test_the_file_that_comes_with_the_node_holds_the_defaults() -> None:
    read = read_node_settings(PROJECT / 'config/perception.yaml')
    assert read == NodeSettings(image_transport='raw')


@pytest.mark.parametrize('name', ['/**/segmentation', 'segmentation', '/segmentation', '/**', '/robot/segmentation'])
@pytest.mark.parametrize('values', ['ood: {window: 9, hold: 2.5}', 'ood.window: 9\n    ood.hold: 2.5'])
def test_names_of_the_node_and_both_spellings(tmp_path: Path, name: str, values: str) -> None:
    text = f'{name}:\n  ros__parameters:\n    model: street\n    fit: crop\n    max_rate: 5.0\n    {values}\n'
    read = settings(tmp_path, text)
    assert (read.model, read.fit, read.max_rate) == ('street', 'crop', 5.0)
    assert read.alarm == AlarmParams(window=9, hold=2.5)


def test_the_later_section_wins_and_other_nodes_are_left_out(tmp_path: Path) -> None:
    text = (
        '/**: {ros__parameters: {model: street, use_sim_time: true}}\n'
        'camera: {ros__parameters: {exposure: 3}}\n'
        'robot: {segmentation: {ros__parameters: {model: camvid}}}\n'
    )
    assert settings(tmp_path, text).model == 'camvid'


@pytest.mark.parametrize(
    ('text', 'facts'),
    [
        ('/**: {ros__parameters: {ood: {windows: 5}}}', ('ood.windows', 'ood.window')),
        ('/**: {ros__parameters: {ood: {window: many}}}', ('ood.window', "'many'", 'whole number')),
        ('/**: {ros__parameters: {max_rate: 5}}', ('max_rate', '5', 'decimal point')),
        ('/**: {ros__parameters: {max_rate: -1.0}}', ('max_rate', '-1.0', '0 to 1000')),
        ('/**: {ros__parameters: {silent_after: 0.0}}', ('silent_after', '0.0', '0.1 to 3600')),
        ('/**: {ros__parameters: {ood: {required: 9}}}', ('ood.required', '9', '1 to ood.window = 5')),
        ('/**: {ros__parameters: {image_transport: zip}}', ('image_transport', 'zip', 'raw or compressed')),
        ('/**: {ros__parameters: {fit: zoom}}', ('fit', 'zoom', 'stretch or letterbox or crop')),
        ('camera: {ros__parameters: {}}', ('segmentation', '/camera')),
        ('/**: {ros__parameters: 3}', ('ros__parameters', '3')),
        ('a: {segmentation: {ros__parameters: {}}}\nb: {segmentation: {ros__parameters: {}}}', ('/a/', '/b/', 'one')),
        ('[1, 2]', ('list',)),
        ('a: [', ('no YAML',)),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, text: str, facts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as error:
        settings(tmp_path, text)
    assert all(fact in str(error.value) for fact in ('params.yaml', *facts)) and '\n' not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'gone\.yaml: cannot be read'):
        read_node_settings(tmp_path / 'gone.yaml')


def test_the_model_on_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / 'p.yaml').write_text('/**: {ros__parameters: {model: street, ood: {window: 7}}}')
    options = ['bag', '--params', str(tmp_path / 'p.yaml')]
    assert parse_args(options).node.model == 'street'
    node = parse_args([*options, '--model', 'other']).node
    assert (node.model, node.alarm.window) == ('other', 7)
    assert parse_args(['bag']).node == NodeSettings()


def test_one_parameter_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / 'p.yaml').write_text('/**: {ros__parameters: {fit: crop, ood: {window: 7, hold: 3.0}}}')
    options = [
        'bag',
        '--params',
        str(tmp_path / 'p.yaml'),
        '--set',
        'ood.window=9',
        '--set',
        'ood.false_alarm_rate=0.1',
    ]
    node = parse_args([*options, '--set', 'ood.window=11']).node
    assert node.alarm == AlarmParams(window=11, hold=3.0, false_alarm_rate=0.1) and node.fit == 'crop'
    assert parse_args(['bag', '--set', 'silent_after=5']).node == NodeSettings(silent_after=5.0)


@pytest.mark.parametrize(
    ('text', 'complaint'),
    [
        ('ood.window', '--set ood.window: no such assignment, expected NAME=VALUE with one of model, engine'),
        ('ood.windows=9', '--set ood.windows=9: no such assignment'),
        ('palette=model', '--set palette=model: changes no decision'),
        ('ood.window=2.5', "--set ood.window=2.5: '2.5' is not a whole number"),
        ('ood.hold=long', "--set ood.hold=long: 'long' is not a number"),
        ('ood.required=9', '--set: ood.required is 9, expected 1 to ood.window = 5'),
    ],
)
def test_a_mistaken_assignment_is_one_line(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_args(['bag', '--set', text])
    assert str(error.value).startswith(complaint) and '\n' not in str(error.value)


def test_every_parameter_of_the_node_is_known_and_has_its_default() -> None:
    params = pytest.importorskip('uncd_ros.node.params', reason='needs rclpy')
    assert {each.name for each in params.PERCEPTION} <= {*_TYPES, *NO_EFFECT}
    defaults = {each.name: each.default for each in params.PERCEPTION}
    assert (defaults['silent_after'], defaults['max_rate']) == (NodeSettings().silent_after, NodeSettings().max_rate)
    alarm = {each.name: each.default for each in params.PERCEPTION if each.name.startswith('ood.')}
    assert alarm == {f'ood.{name}': getattr(AlarmParams(), name) for name in AlarmParams.__slots__}


def test_a_pause_of_the_camera_raises_the_flag_as_in_the_node(tiny_model: Path, tmp_path: Path) -> None:
    times = [START + i * PERIOD + (i >= 10) * 3 * 10**9 for i in range(20)]
    bag = write_bag(tmp_path / 'bag', [(CAMERA, IMAGE, time, camera_message(i)) for i, time in enumerate(times)])
    (tmp_path / 'p.yaml').write_text('/**: {ros__parameters: {silent_after: 3.5}}')
    reports = [
        evaluate_bag(bag, tiny_model, tmp_path / 'strict'),
        evaluate_bag(bag, tiny_model, tmp_path / 'patient', '--params', str(tmp_path / 'p.yaml')),
    ]
    assert [len(report['flag']['alarms']) for report in reports] == [1, 0]
    assert reports[0]['flag']['alarms'][0]['fault'] == 'silent: no image for 3.1 s'
    assert [report['camera_faults'] for report in reports] == [{'silent': 1}, {}]
