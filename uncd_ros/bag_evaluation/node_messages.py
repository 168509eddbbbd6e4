# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node says beside its images, as messages of a bag that is written without ROS."""

from dataclasses import replace
from typing import Any

from uncd_ros.bags.reader import typestore
from uncd_ros.images.camera_info import stated_size
from uncd_ros.model.card import ModelCard
from uncd_ros.monitor.scene_monitor import Decision, decision_values

DIAGNOSTICS, LABEL_INFO = 'diagnostic_msgs/msg/DiagnosticArray', 'vision_msgs/msg/LabelInfo'
NODE = 'segmentation'
"""Name of the node that is reproduced."""


def ood_status_message(header: Any, decision: Decision, model: str) -> Any:
    """The decision about an image, and the camera's health, as `~/ood_status` has them."""
    types = typestore().types
    status: Any = types['diagnostic_msgs/msg/DiagnosticStatus']
    pair = types['diagnostic_msgs/msg/KeyValue']
    values = decision_values(decision) | {'heartbeat': False}
    scene = status(
        level=status.WARN if decision.is_ood else status.OK,
        name=f'{NODE}: out of distribution',
        message=decision.reason,
        hardware_id=model,
        values=[pair(key=key, value=str(value)) for key, value in values.items()],
    )
    health = status(
        level=status.ERROR if decision.fault else status.OK,
        name=f'{NODE}: camera',
        message=decision.fault or 'no fault',
        hardware_id=header.frame_id,
        values=[],
    )
    return types[DIAGNOSTICS](header=header, status=[scene, health])


def label_info_message(header: Any, card: ModelCard) -> Any:
    """What the ids of the masks mean, from the image of this header on, as `~/label_info` has it."""
    types = typestore().types
    kind = types['vision_msgs/msg/VisionClass']
    classes = [kind(class_id=label, class_name=info.name) for label, info in enumerate(card.classes)]
    return types[LABEL_INFO](header=replace(header, frame_id=card.name), class_map=classes, threshold=0.0)


def camera_info_message(header: Any, info: Any, size: tuple[int, int]) -> Any | None:
    """The camera_info that goes with an image of this (height, width); None if it states another size."""
    return replace(info, header=header) if stated_size(info) in (None, size) else None
