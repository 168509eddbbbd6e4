# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of what the node says about itself, unlike those of any other node of the robot or of another robot."""

from diagnostic_msgs.msg import DiagnosticArray


def status_name(node: str, part: str, camera: str = '') -> str:
    """Of a status in /diagnostics or ~/ood_status: 'robot1/segmentation: front images'.

    Begins with the full name of its node, as diagnostic_updater's do, so that diagnostic_aggregator finds it.
    """
    return f'{node.removeprefix("/")}: {camera} {part}' if camera else f'{node.removeprefix("/")}: {part}'


def status_values(msg: DiagnosticArray, name: str) -> dict[str, str] | None:
    """The values of the status of a name; None if there is no such status."""
    for status in msg.status:
        if status.name == name:
            return {pair.key: pair.value for pair in status.values}
    return None
