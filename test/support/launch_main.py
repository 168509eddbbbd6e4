# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`ros2 launch <file> name:=value ...` without the command line tool: run as a module by test_launch."""

import sys

from launch import LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource

if __name__ == '__main__':
    file, *pairs = sys.argv[1:]
    arguments = [tuple(pair.split(':=', 1)) for pair in pairs]
    service = LaunchService()
    service.include_launch_description(
        IncludeLaunchDescription(AnyLaunchDescriptionSource(file), launch_arguments=arguments)
    )
    sys.exit(service.run())
