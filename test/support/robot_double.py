# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node that runs, on which a test tries one fault after another."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import Image

from support.camera_double import DIAGNOSTICS, Camera, picture, stamped_now
from support.node_double import NodeDouble, node_in_process
from uncd_ros.node import perception_node

SEEDS = count()
WINDOW = {'ood__window': 1, 'ood__required': 1, 'ood__release': 0, 'ood__hold': 0.0}


@dataclass
class Robot:
    """The node and its camera."""

    double: NodeDouble
    camera: Camera
    model: Path

    def statuses(self) -> dict[str, DiagnosticStatus]:
        """The node's next, by part."""
        return {name.removeprefix('segmentation: '): each for name, each in self.camera.diagnostics().items()}

    def sees(self, part: str, *facts: str, level: bytes = DiagnosticStatus.WARN, send: Callable[[], Image]) -> None:
        """Send images until some diagnostics tell a fault; what has passed is told once only."""
        reports = self.camera.probe.heard[DIAGNOSTICS]
        before = len(reports)

        def told() -> bool:
            self.camera.publisher.publish(send())
            self.statuses()
            return any(
                status.name == f'segmentation: {part}'
                and status.level == level
                and all(fact in status.message for fact in facts)
                for report in reports[before:]
                for status in report.status
            )

        self.camera.probe.until(told, 60.0)

    def is_well(self, send: 'Callable[[], Image] | None' = None) -> None:
        """Send good images until the diagnostics are OK."""

        def well() -> bool:
            self.camera.publisher.publish((send or good)())
            return {each.level for each in self.statuses().values()} == {DiagnosticStatus.OK}

        self.camera.probe.until(well, 60.0)


@contextmanager
def robot_of(model: Path, folder: Path) -> Iterator[Robot]:
    """A robot with a copy of a model, in a new `folder`; its diagnostics come often."""
    shutil.copytree(model, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(perception_node, 'REPORT_PERIOD', 0.1)
        with node_in_process(patch, folder, **WINDOW) as (double, camera):
            yield Robot(double, camera, folder)


def good(**shape: Any) -> Image:
    """What a camera sends that is well."""
    return stamped_now(picture(seed=next(SEEDS), **shape))


def with_fields(**fields: Any) -> Image:
    """A good one, some of whose fields are others."""
    image = good()
    for name, value in fields.items():
        setattr(image, name, value)
    return image
