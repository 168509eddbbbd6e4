# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names: of topics, and of what the node says about itself, unlike those of any other node of this or another robot."""

from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image


def status_name(node: str, part: str, camera: str = '') -> str:
    """Of a status in /diagnostics or ~/ood_status: 'robot1/segmentation: front images'.

    Begins with the full name of its node, as diagnostic_updater's do, so that diagnostic_aggregator finds it.
    """
    return f'{node.removeprefix("/")}: {camera} {part}' if camera else f'{node.removeprefix("/")}: {part}'


def kind_name(kind: type) -> str:
    """Of a class of messages: 'sensor_msgs/msg/Image'."""
    return f'{kind.__module__.partition(".")[0]}/msg/{kind.__name__}'


def status_values(msg: DiagnosticArray, name: str) -> dict[str, str] | None:
    """The values of the status of a name; None if there is no such status."""
    for status in msg.status:
        if status.name == name:
            return {pair.key: pair.value for pair in status.values}
    return None


def camera_topics(name: str, image_transport: str) -> tuple[tuple[type, str], tuple[type, str]]:
    """Types and names of the images of a camera and of its camera_info; `image_transport` is raw or compressed."""
    prefix = f'{name}/' if name else ''
    info = (CameraInfo, f'{prefix}camera_info')
    if image_transport == 'raw':
        return (Image, f'{prefix}image_raw'), info
    return (CompressedImage, f'{prefix}image_raw/compressed'), info
