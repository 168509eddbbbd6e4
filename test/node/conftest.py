# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What several tests of the node begin with."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # needs rclpy, without which the tests that use it are skipped
    from support.robot_double import Robot


@pytest.fixture(scope='module')
def running_robot(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> 'Iterator[Robot]':
    """One for all faults of a file."""
    from support.robot_double import robot_of

    with robot_of(tiny_model, tmp_path_factory.mktemp('models') / 'own') as robot:
        yield robot


@pytest.fixture
def robot(running_robot: 'Robot') -> 'Iterator[Robot]':
    """Well before a fault, and well again after it."""
    running_robot.is_well()
    yield running_robot
    running_robot.is_well()
