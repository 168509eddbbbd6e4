# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Defaults, descriptors, and one clear line for each bad value."""

from collections.abc import Iterator

import pytest

pytest.importorskip('rclpy', reason='needs rclpy')

from rclpy.context import Context
from rclpy.node import Node

from uncd_ros.errors import ConfigError
from uncd_ros.model.engine_wish import EngineWish
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.node.parameter import declare
from uncd_ros.node.params import PERCEPTION, ContradictionError, NodeParams, refuse_late_changes
from uncd_ros.obstacles.params import ObstacleParams


@pytest.fixture(scope='module')
def context() -> Iterator[Context]:
    context = Context()
    context.init(domain_id=101)
    yield context
    context.try_shutdown()


def node_with(context: Context, *overrides: str) -> Node:
    """A node as `--ros-args -p name:=value ...` would make it."""
    arguments = ['--ros-args', *(word for override in overrides for word in ('-p', override))]
    return Node('params', context=context, cli_args=arguments, start_parameter_services=False, enable_rosout=False)


def test_defaults(context: Context) -> None:
    node = node_with(context)
    declare(node, PERCEPTION)
    assert NodeParams.read(node) == NodeParams(
        model='camvid',
        device='auto',
        wish=EngineWish(engine='auto', precision='auto'),
        autostart=True,
        cameras=('',),
        image_transport='raw',
        fit='letterbox',
        max_rate=0.0,
        abstain_confidence=0.0,
        palette='model',
        on_ood='no_confidence',
        silent_after=2.0,
        alarm=AlarmParams(),
        obstacles=ObstacleParams(level=0, smallest=0.0, images=3),
        lock_classes=True,
    )


def test_given_values(context: Context) -> None:
    node = node_with(context, 'model:=mine', 'ood.window:=9', 'ood.false_alarm_rate:=0.05', 'obstacles.images:=9')
    declare(node, PERCEPTION)
    params = NodeParams.read(node)
    assert (params.model, params.obstacles) == ('mine', ObstacleParams(images=9))
    assert params.alarm == AlarmParams(window=9, false_alarm_rate=0.05)


def test_engine_and_precision_must_fit_each_other(context: Context) -> None:
    node = node_with(context, 'engine:=openvino', 'precision:=int8')
    declare(node, PERCEPTION)
    assert NodeParams.read(node).wish == EngineWish(engine='openvino', precision='int8')
    with pytest.raises(ContradictionError, match='precision is int8, but engine torch computes in f32'):
        NodeParams.read(node, {'engine': 'torch'})
    with pytest.raises(ConfigError, match="engine is 'onnx', expected auto or torch or openvino"):
        NodeParams.read(node, {'engine': 'onnx'})


def test_described(context: Context) -> None:
    node = node_with(context)
    declare(node, PERCEPTION)
    for declared in PERCEPTION:
        descriptor = node.describe_parameter(declared.name)
        assert descriptor.description.startswith(declared.text)
        assert declared.unit in descriptor.description
        assert ('at any time' in descriptor.additional_constraints) == declared.live
        assert all(each in descriptor.additional_constraints for each in declared.choices)
        ranges = [*descriptor.integer_range, *descriptor.floating_point_range]
        assert [(r.from_value, r.to_value) for r in ranges] == (
            [] if declared.low is None else [(declared.low, declared.high)]
        )


@pytest.mark.parametrize(
    ('override', 'complaint'),
    [
        ('ood.false_alarm_rate:=0.0', 'parameter ood.false_alarm_rate must be a number such as 1.0 from 0.0001 to 0.5'),
        ('ood.false_alarm_rate:=1', 'parameter ood.false_alarm_rate must be a number such as 1.0 from 0.0001 to 0.5'),
        ('ood.window:=0', 'parameter ood.window must be a whole number from 1 to 1000'),
        ('ood.window:=2.5', 'parameter ood.window must be a whole number from 1 to 1000'),
        ('model:=3', 'parameter model must be text'),
        ('autostart:=maybe', 'parameter autostart must be true or false'),
        ('ood.required:=6', 'ood.required is 6, expected 1 to ood.window = 5'),
        ("cameras:=['front','front']", "cameras is ['front', 'front'], expected names of letters"),
        ("cameras:=['to/day']", "cameras is ['to/day'], expected names of letters"),
        ('fit:=zoom', "fit is 'zoom', expected stretch or letterbox or crop"),
        ('image_transport:=theora', "image_transport is 'theora', expected raw or compressed"),
        ('palette:=dog', "palette is 'dog', expected model or colour_blind"),
        ('on_ood:=panic', "on_ood is 'panic', expected keep or no_confidence or stop"),
        ('silent_after:=0.0', 'parameter silent_after must be a number such as 1.0 from 0.1 to 3600'),
        ('ood.release:=3', 'ood.release is 3, expected 0 to ood.required - 1 = 2'),
    ],
)
def test_bad_value_is_one_clear_line(context: Context, override: str, complaint: str) -> None:
    node = node_with(context, override)
    with pytest.raises(ConfigError) as error:
        declare(node, PERCEPTION)
        NodeParams.read(node)
    assert str(error.value).startswith(complaint)
    assert '\n' not in str(error.value)


def test_changes_are_read_as_if_they_were_made(context: Context) -> None:
    node = node_with(context)
    declare(node, PERCEPTION)
    assert NodeParams.read(node, {'ood.window': 9, 'palette': 'colour_blind'}).alarm.window == 9
    assert NodeParams.read(node).alarm.window == 5
    with pytest.raises(ConfigError, match=r'ood.required is 3, expected 1 to ood.window = 2'):
        NodeParams.read(node, {'ood.window': 2})


def test_what_is_read_once_cannot_change_late(context: Context) -> None:
    node = node_with(context)
    declare(node, PERCEPTION)
    refuse_late_changes(node, PERCEPTION, {'device': 'auto', 'ood.window': 9, 'model': 'mine', 'use_sim_time': True})
    for name, value in (('device', 'cpu'), ('cameras', ['front']), ('image_transport', 'compressed')):
        with pytest.raises(ConfigError, match=f'{name} is read when the node is configured: deactivate'):
            refuse_late_changes(node, PERCEPTION, {name: value})
