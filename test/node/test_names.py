# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names in /diagnostics: of two robots or two cameras no two are alike."""

import pytest

pytest.importorskip('rclpy', reason='needs the message packages')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from uncd_ros.node.names import status_name, status_values


@pytest.mark.parametrize(
    ('node', 'camera', 'name'),
    [
        ('/segmentation', '', 'segmentation: images'),
        ('/segmentation', 'front', 'segmentation: front images'),
        ('/robot1/segmentation', '', 'robot1/segmentation: images'),
        ('/robot1/segmentation', 'front', 'robot1/segmentation: front images'),
    ],
)
def test_a_name_begins_with_that_of_its_node(node: str, camera: str, name: str) -> None:
    assert status_name(node, 'images', camera) == name


def test_values_are_found_by_name() -> None:
    own = DiagnosticStatus(name='segmentation: images', values=[KeyValue(key='received', value='3')])
    msg = DiagnosticArray(status=[DiagnosticStatus(name='robot1/segmentation: images'), own])
    assert status_values(msg, 'segmentation: images') == {'received': '3'}
    assert status_values(msg, 'segmentation: model') is None
