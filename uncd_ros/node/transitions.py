# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all transitions of a lifecycle node share."""

import functools
from collections.abc import Callable
from typing import TypeVar

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from uncd_ros.errors import UncdError

AnyNode = TypeVar('AnyNode', bound=LifecycleNode)
Transition = Callable[[AnyNode, LifecycleState], TransitionCallbackReturn]


def logged(transition: 'Transition[AnyNode]') -> 'Transition[AnyNode]':
    """A transition whose failure is logged; rclpy swallows what it raises without a word."""

    @functools.wraps(transition)
    def attempt(node: AnyNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except UncdError as error:
            node.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            if node.context.ok():  # else the process ends, which is no failure
                node.get_logger().error(f'{type(error).__name__}: {error}')
            raise

    return attempt
