# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The cameras of a perception node, as its diagnostics tell: whoever listens to it need not be told them again."""

import re
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from uncd_ros.node.names import kind_name


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCamera:
    """One camera of a perception node."""

    name: str
    """Empty for the only one."""
    images: str
    """Full name of the topic of its images."""
    outputs: str
    """What the full names of its results begin with, such as '/segmentation/front/'."""

    def image_kind(self, node: Node) -> type:
        """Image or CompressedImage, as `node` sees the topic in the graph."""
        kinds = dict(node.get_topic_names_and_types()).get(self.images, [])
        is_compressed = kind_name(CompressedImage) in kinds and kind_name(Image) not in kinds
        kind: type = CompressedImage if is_compressed else Image
        return kind

    @property
    def info(self) -> str:
        """Full name of the topic of its camera_info."""
        return f'{self.images.removesuffix("/compressed").rpartition("/")[0]}/camera_info'


def cameras_in(msg: DiagnosticArray, node: str) -> list[FoundCamera]:
    """Those that the perception node of this full name tells of; empty in the diagnostics of any other."""
    pattern = re.compile(rf'{re.escape(node.removeprefix("/"))}: (?:(\w+) )?images')
    found = [(match[1] or '', status.hardware_id) for status in msg.status if (match := pattern.fullmatch(status.name))]
    return [
        FoundCamera(name=name, images=images, outputs=f'{node}/{name}/' if name else f'{node}/')
        for name, images in found
    ]
