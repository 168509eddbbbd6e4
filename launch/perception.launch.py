# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The perception node, ready for a camera; with a player in the camera's place or rviz beside it if asked."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch_ros.actions import Node

from uncd_ros.node.params import PERCEPTION
from uncd_ros.node.rviz_config import rviz_config
from uncd_ros.node.transport import large_image_environment

SHARE = Path(get_package_share_directory('uncd_ros'))
YES_NO = ['true', 'false']
ARGUMENTS = [
    DeclareLaunchArgument(
        'params_file', default_value=str(SHARE / 'config' / 'perception.yaml'), description='Parameters of the node.'
    ),
    DeclareLaunchArgument(
        'model', default_value='', description='Model folder or built-in name; empty is what params_file says.'
    ),
    DeclareLaunchArgument(
        'device', default_value='', description='auto, cpu, cuda or cuda:N; empty is what params_file says.'
    ),
    DeclareLaunchArgument('namespace', default_value='', description='Namespace of the nodes and their topics.'),
    DeclareLaunchArgument(
        'cameras', default_value='', description='Names with commas between, such as front,left; empty is one camera.'
    ),
    DeclareLaunchArgument(
        'image',
        default_value='image_raw',
        description='Topic of the camera images, camera_info beside it; with cameras, below the name of each.',
    ),
    DeclareLaunchArgument(
        'image_transport', default_value='', description='raw or compressed; empty is what params_file says.'
    ),
    DeclareLaunchArgument(
        'source', default_value='', description="Video, image folder or 'street' to play as the camera; empty is none."
    ),
    DeclareLaunchArgument('rviz', default_value='false', choices=YES_NO, description='Show it in rviz.'),
    DeclareLaunchArgument('use_sim_time', default_value='false', choices=YES_NO, description='Take time from /clock.'),
    DeclareLaunchArgument(
        'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error'], description='Least severe line.'
    ),
    DeclareLaunchArgument('respawn', default_value='true', choices=YES_NO, description='Restart the node if it dies.'),
    DeclareLaunchArgument(
        'large_images',
        default_value='true',
        choices=YES_NO,
        description='Set up shared memory and allocator for large images; false leaves the environment as it is.',
    ),
]


def generate_launch_description() -> LaunchDescription:
    """Read by `ros2 launch`."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=make_actions)])


def make_actions(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """What the arguments ask for."""
    arguments = context.launch_configurations
    actions: list[LaunchDescriptionEntity] = []
    if arguments['large_images'] == 'true':
        variables = large_image_environment(os.environ)
        actions += [SetEnvironmentVariable(name, value) for name, value in variables.items()]
    actions.append(perception(arguments))
    if arguments['source']:
        actions += [player(arguments, camera) for camera in cameras(arguments)]
    if arguments['rviz'] == 'true':
        actions.append(rviz(arguments))
    return actions


def cameras(arguments: dict[str, str]) -> list[str]:
    """Their names; an empty one for a camera that needs none."""
    return [name.strip() for name in arguments['cameras'].split(',')]


def remappings(arguments: dict[str, str], camera: str) -> list[tuple[str, str]]:
    """From the node's names of a camera's topics to those they have here."""
    prefix = f'{camera}/' if camera else ''
    image = f'{prefix}{arguments["image"]}'
    return [
        (f'{prefix}image_raw', image),
        (f'{prefix}image_raw/compressed', f'{image}/compressed'),
        (f'{prefix}camera_info', f'{image.rpartition("/")[0]}/camera_info' if '/' in image else 'camera_info'),
    ]


def perception(arguments: dict[str, str]) -> Node:
    """The node itself; an argument outweighs the parameter file."""
    overrides = {name: arguments[name] for name in ('model', 'device', 'image_transport') if arguments[name]}
    names = {'cameras': cameras(arguments)} if arguments['cameras'] else {}
    return Node(
        package='uncd_ros',
        executable='perception_node',
        namespace=arguments['namespace'],
        parameters=[arguments['params_file'], overrides | names | use_sim_time(arguments)],
        remappings=[pair for camera in cameras(arguments) for pair in remappings(arguments, camera)],
        arguments=['--ros-args', '--log-level', arguments['log_level']],
        respawn=arguments['respawn'] == 'true',
        respawn_delay=5.0,
        output='screen',
    )


def player(arguments: dict[str, str], camera: str) -> Node:
    """In the camera's place."""
    return Node(
        package='uncd_ros',
        executable='image_player',
        name=f'image_player_{camera}' if camera else 'image_player',
        namespace=arguments['namespace'],
        parameters=[{'source': arguments['source']} | use_sim_time(arguments)],
        remappings=[('image_raw', remappings(arguments, camera)[0][1])],
        output='screen',
    )


def rviz(arguments: dict[str, str]) -> Node:
    """Camera, overlay and uncertainty of the first camera; its file names the topics of one without a namespace."""
    camera = cameras(arguments)[0]
    prefix = f'/{arguments["namespace"].strip("/")}'.rstrip('/')
    image = remappings(arguments, camera)[0][1]
    image = image if image.startswith('/') else f'{prefix}/{image}'
    outputs = {
        f'/segmentation/{name}': f'{prefix}/segmentation/{camera}/{name}'.replace('//', '/')
        for name in ('overlay', 'uncertainty')
    }
    config = Path(tempfile.mkdtemp(prefix='uncd_ros_')) / 'perception.rviz'
    config.write_text(rviz_config((SHARE / 'rviz' / 'perception.rviz').read_text(), model(arguments)))
    return Node(
        package='rviz2',
        executable='rviz2',
        arguments=['-d', str(config)],
        parameters=[use_sim_time(arguments)],
        remappings=[('/image_raw', image), *outputs.items()],
    )


def model(arguments: dict[str, str]) -> str:
    """The model that the node loads: of the argument, else of the parameter file, else the node's default."""
    default = next(str(parameter.default) for parameter in PERCEPTION if parameter.name == 'model')
    sections = parameters(yaml.safe_load(Path(arguments['params_file']).read_text()))
    return arguments['model'] or next((section['model'] for section in sections if 'model' in section), default)


def parameters(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of each node in a parameter file."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from ([value] if key == 'ros__parameters' else parameters(value))


def use_sim_time(arguments: dict[str, str]) -> dict[str, bool]:
    """The parameter that every node has."""
    return {'use_sim_time': arguments['use_sim_time'] == 'true'}
