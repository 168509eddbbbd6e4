# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The perception node, ready for a camera; a player in the camera's place, the event recorder or rviz if asked."""

import os
import sys
import tempfile
import time
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix, get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessStart
from launch.events.process import ProcessExited, ProcessStarted
from launch.logging import get_logger
from launch_ros.actions import Node

from uncd_ros.model.find import find_model
from uncd_ros.node.launch_arguments import LaunchArguments, check_command
from uncd_ros.node.respawn import DELAY, FAILURES, Respawn
from uncd_ros.node.rviz_config import rviz_config, uncertainty_upper
from uncd_ros.node.transport import large_image_environment

SHARE = Path(get_package_share_directory('uncd_ros'))
LOGGER = get_logger('uncd_ros')
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
    DeclareLaunchArgument(
        'autostart',
        default_value='',
        description='true, or false for a lifecycle manager; empty is what params_file says.',
    ),
    DeclareLaunchArgument('namespace', default_value='', description='Namespace of the nodes and their topics.'),
    DeclareLaunchArgument(
        'cameras',
        default_value='',
        description='Names with commas between, such as front,left; empty is what params_file says.',
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
        'source',
        default_value='',
        description="Video, image folder, bag or 'street' to play as the camera; empty is none.",
    ),
    DeclareLaunchArgument(
        'rate', default_value='0.0', description="Images per second of the source; 0.0 is the source's own rate."
    ),
    DeclareLaunchArgument('loop', default_value='false', description='true begins the source again at its end.'),
    DeclareLaunchArgument('rviz', default_value='false', description='true shows camera and results in rviz.'),
    DeclareLaunchArgument(
        'record', default_value='false', description='true writes a bag around each alarm: the event recorder.'
    ),
    DeclareLaunchArgument('use_sim_time', default_value='false', description='true takes the time from /clock.'),
    DeclareLaunchArgument(
        'log_level', default_value='info', description='Least severe line: debug, info, warn or error.'
    ),
    DeclareLaunchArgument(
        'respawn',
        default_value='true',
        description=f'true starts the node again if it dies, up to {FAILURES} failures in a row; false does not.',
    ),
    DeclareLaunchArgument(
        'large_images',
        default_value='true',
        description='true sets up shared memory and allocator for large images; false leaves the environment alone.',
    ),
]


def generate_launch_description() -> LaunchDescription:
    """Read by `ros2 launch`."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=make_actions)])


def make_actions(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """What the arguments ask for. Raises UncdError, before anything starts, for one that is wrong."""
    check_command(sys.argv, [argument.name for argument in ARGUMENTS])
    arguments = LaunchArguments.read(context.launch_configurations)
    folder = find_model(arguments.model)
    actions: list[LaunchDescriptionEntity] = []
    if arguments.large_images:
        variables = large_image_environment(os.environ)
        actions += [SetEnvironmentVariable(name, value) for name, value in variables.items()]
    actions += perception(arguments, Respawn())
    if arguments.source:
        actions += [player(arguments, camera) for camera in arguments.cameras]
    if arguments.record:
        actions.append(recorder(arguments))
    if arguments.rviz:
        actions += rviz(arguments, folder)
    return actions


def perception(arguments: LaunchArguments, respawn: Respawn) -> list[LaunchDescriptionEntity]:
    """The node itself; `respawn` says whether it starts again when it has died."""
    topics = {name: topic for camera in arguments.cameras for name, topic in arguments.camera_topics(camera).items()}
    node = Node(
        package='uncd_ros',
        executable='perception_node',
        namespace=arguments.namespace,
        parameters=[str(arguments.params_file), arguments.overrides | {'use_sim_time': arguments.use_sim_time}],
        remappings=list(topics.items()),
        arguments=['--ros-args', '--log-level', arguments.log_level],
        output='screen',
    )

    def on_exit(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        if context.is_shutdown or event.returncode == 0 or not arguments.respawn:
            return []
        if respawn.died(time.monotonic()):
            LOGGER.warning(f'perception_node died, it starts again in {DELAY:g} s')
            return [TimerAction(period=DELAY, actions=perception(arguments, respawn))]
        LOGGER.error(f'perception_node died {FAILURES} times in a row, it is not started again: see its lines above')
        return []

    def on_start(_event: ProcessStarted, _context: LaunchContext) -> None:
        respawn.started(time.monotonic())

    return [
        RegisterEventHandler(OnProcessStart(target_action=node, on_start=on_start)),
        RegisterEventHandler(OnProcessExit(target_action=node, on_exit=on_exit)),
        node,
    ]


def player(arguments: LaunchArguments, camera: str) -> Node:
    """In the camera's place."""
    prefix = f'{camera}/' if camera else ''
    topics = arguments.camera_topics(camera)
    return Node(
        package='uncd_ros',
        executable='image_player',
        name=f'image_player_{camera}' if camera else 'image_player',
        namespace=arguments.namespace,
        parameters=[
            {
                'source': arguments.source,
                'rate': arguments.rate,
                'loop': arguments.loop,
                'image_transport': arguments.image_transport,
                'use_sim_time': arguments.use_sim_time,
            }
        ],
        remappings=[(name, topics[f'{prefix}{name}']) for name in ('image_raw', 'image_raw/compressed')],
        arguments=['--ros-args', '--log-level', arguments.log_level],
        output='screen',
    )


def recorder(arguments: LaunchArguments) -> Node:
    """The event recorder; its parameters are in the same file, as /**/event_recorder."""
    return Node(
        package='uncd_ros',
        executable='event_recorder',
        namespace=arguments.namespace,
        parameters=[str(arguments.params_file), {'use_sim_time': arguments.use_sim_time}],
        arguments=['--ros-args', '--log-level', arguments.log_level],
        output='screen',
    )


def rviz(arguments: LaunchArguments, model: Path) -> list[LaunchDescriptionEntity]:
    """Camera, overlay and uncertainty of the first camera, the latter on the scale of the model of this folder."""
    try:
        get_package_prefix('rviz2')
    except PackageNotFoundError:
        LOGGER.warning('rviz:=true, but rviz2 is not installed: going on without it')
        return []
    default = (SHARE / 'rviz' / 'perception.rviz').read_text()
    config = Path(tempfile.mkdtemp(prefix='uncd_ros_')) / 'perception.rviz'
    config.write_text(rviz_config(default, uncertainty_upper(model), arguments.rviz_topics()))
    sim_time = {'use_sim_time': arguments.use_sim_time}
    return [Node(package='rviz2', executable='rviz2', arguments=['-d', str(config)], parameters=[sim_time])]
