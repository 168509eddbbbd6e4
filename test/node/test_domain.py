# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A domain of one's own: not one that is reserved, nor one in which a node is."""

import rclpy
from rclpy.context import Context
from rclpy.node import Node

from uncd_ros.node import domain


def test_no_domain_is_given_twice() -> None:
    given = [domain.free_domain() for _ in range(5)]
    assert len(set(given)) == 5
    assert set(given) <= set(domain.DOMAINS)


def test_a_domain_with_a_node_is_not_free() -> None:
    context = Context()
    occupied = domain.free_domain()
    assert not domain._has_participant(occupied)
    rclpy.init(context=context, domain_id=occupied)
    node = Node('occupant', context=context)
    try:
        assert domain._has_participant(occupied)
    finally:
        node.destroy_node()
        context.try_shutdown()
    assert not domain._has_participant(occupied)
