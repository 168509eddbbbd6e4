# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the perception node, and the immutable record that they are read into."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rclpy.node import Node

from uncd_ros.errors import ConfigError
from uncd_ros.model.engine_wish import AUTO, ENGINES, PRECISIONS, EngineWish
from uncd_ros.model.fit import DEFAULT_FIT, FITS
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.monitor.scene_monitor import SILENT_AFTER
from uncd_ros.node.obstacle_params import OBSTACLES
from uncd_ros.node.parameter import Parameter, declare, values_of
from uncd_ros.obstacles.params import ObstacleParams

ON_OOD = ('keep', 'no_confidence', 'stop')
"""What may happen to the images that a planner acts on while the flag is up."""
DEFAULT_ON_OOD = 'no_confidence'
"""A confidence is a promise, measured on images like those of the training. For others 0 is the only honest one.

A costmap then keeps such labels out, and a planner that reads the mask alone still gets each one, at the same rate.
"""
CAMERA_NAME = re.compile(r'([A-Za-z]\w*)?', re.ASCII)


PERCEPTION = (
    Parameter(name='model', default='camvid', text='Folder of a model, or the name of a built-in one.', live=True),
    Parameter(name='device', default='auto', text='auto (CUDA where there is one), cpu, cuda or cuda:N.'),
    Parameter(
        name='engine',
        default=AUTO,
        text='What runs the network; auto is the fastest in the model folder that gives the right results here.',
        choices=ENGINES,
    ),
    Parameter(
        name='precision',
        default=AUTO,
        text='Type of number in which it computes; auto is the fastest; torch has f32, and f16 on CUDA.',
        choices=PRECISIONS,
    ),
    Parameter(
        name='autostart',
        default=True,
        text='Configure and activate at start; false leaves both to a lifecycle manager.',
    ),
    Parameter(
        name='cameras',
        default=('',),
        text="Names of the cameras that share the model: front listens to front/image_raw. '' is image_raw itself.",
    ),
    Parameter(
        name='image_transport',
        default='raw',
        text='raw listens to image_raw, compressed to image_raw/compressed.',
        choices=('raw', 'compressed'),
    ),
    Parameter(name='fit', default=DEFAULT_FIT, text='How images of another shape enter the network.', choices=FITS),
    Parameter(
        name='max_rate',
        default=0.0,
        text='Images that are worked on at most; more count as dropped; 0 is no limit.',
        unit='images per second, per camera',
        low=0.0,
        high=1000.0,
        live=True,
    ),
    Parameter(
        name='abstain_confidence',
        default=0.0,
        text='Pixels whose label is right less often than this are 255 in the mask; 0 keeps every label.',
        low=0.0,
        high=1.0,
        live=True,
    ),
    Parameter(
        name='palette',
        default='model',
        text="Colours of the overlay: the model's own, or ones that colour-blind people tell apart.",
        choices=('model', 'colour_blind'),
        live=True,
    ),
    Parameter(
        name='on_ood',
        default=DEFAULT_ON_OOD,
        text='What a planner gets while the flag is up: all as ever, a confidence of 0, or no images at all.',
        choices=ON_OOD,
        live=True,
    ),
    Parameter(
        name='silent_after',
        default=SILENT_AFTER,
        text='Time without an image after which a camera counts as silent and the flag rises.',
        unit='seconds',
        low=0.1,
        high=3600.0,
        live=True,
    ),
    Parameter(
        name='ood.false_alarm_rate',
        default=0.01,
        text='Share of nominal images (like those of the calibration) that may count as anomalous: sets the threshold.',
        low=0.0001,
        high=0.5,
        live=True,
    ),
    Parameter(
        name='ood.false_alarms_per_hour',
        default=0.0,
        text='Times per hour that nominal images may raise the flag on average: sets the threshold instead, unless 0.',
        low=0.0,
        high=3600.0,
        live=True,
    ),
    Parameter(
        name='ood.window',
        default=5,
        text='Latest images that decide whether the out-of-distribution flag is up.',
        unit='images',
        low=1,
        high=1000,
        live=True,
    ),
    Parameter(
        name='ood.required',
        default=3,
        text='Anomalous images in the window that raise the flag, ood.window at most.',
        unit='images',
        low=1,
        high=1000,
        live=True,
    ),
    Parameter(
        name='ood.release',
        default=1,
        text='Anomalous images in the window at which the flag falls again, less than ood.required.',
        unit='images',
        low=0,
        high=999,
        live=True,
    ),
    Parameter(
        name='ood.hold',
        default=1.0,
        text='Time that the flag stays up at least, by the stamps of the images, or by arrival where they stand still.',
        unit='seconds',
        low=0.0,
        high=3600.0,
        live=True,
    ),
    *OBSTACLES,
    Parameter(
        name='lock_classes', default=True, text='Refuse a model with other classes than the active one.', live=True
    ),
)


class ContradictionError(ConfigError):
    """Values that are allowed one by one, but do not fit each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeParams:
    """The parameters of the perception node, as they stood at one moment."""

    model: str
    """Folder, or name of a built-in model."""
    device: str
    """auto, cpu, cuda or cuda:N."""
    wish: EngineWish
    autostart: bool
    cameras: tuple[str, ...]
    """One or more names, no two alike; '' for a camera without one."""
    image_transport: str
    """raw or compressed."""
    fit: str
    """stretch, letterbox or crop."""
    max_rate: float
    """Images per second, per camera; 0 is no limit."""
    abstain_confidence: float
    """P(label is right), in [0, 1], below which a pixel of the mask is 255."""
    palette: str
    """model or colour_blind."""
    on_ood: str
    """One of ON_OOD."""
    silent_after: float
    """Seconds, more than 0."""
    alarm: AlarmParams
    obstacles: ObstacleParams
    lock_classes: bool
    """Whether the active model may only be replaced by one with the same classes."""

    @staticmethod
    def declare(node: Node) -> None:
        """See `declare` in parameter.py."""
        declare(node, PERCEPTION)

    @classmethod
    def read(cls, node: Node, changes: Mapping[str, Any] | None = None) -> 'NodeParams':
        """Read what was declared; `changes`, by name, are about to be made.

        Raises ConfigError for a value that is not allowed, ContradictionError where values do not fit each other.
        """
        values = values_of(node, PERCEPTION, changes or {})
        cameras = tuple(values.pop('cameras'))
        if not cameras or len(set(cameras)) < len(cameras) or not all(map(CAMERA_NAME.fullmatch, cameras)):
            raise ConfigError(f'cameras is {list(cameras)}, expected names of letters, digits and _, no two alike')
        try:
            alarm = AlarmParams(**{field.name: values.pop(field.name) for field in fields(AlarmParams)})
            obstacles = ObstacleParams(**{field.name: values.pop(field.name) for field in fields(ObstacleParams)})
            wish = EngineWish(engine=values.pop('engine'), precision=values.pop('precision'))
        except ConfigError as error:
            raise ContradictionError(str(error)) from None
        return cls(alarm=alarm, obstacles=obstacles, wish=wish, cameras=cameras, **values)


def check_fit(node: Node, changes: Mapping[str, Any]) -> None:
    """Raise ConfigError where `changes`, by name, are not allowed or, several at once, do not fit the others."""
    try:
        NodeParams.read(node, changes)
    except ContradictionError:
        if len(changes) > 1:
            raise


def refuse_late_changes(node: Node, parameters: tuple[Parameter, ...], changes: Mapping[str, Any]) -> None:
    """Raise ConfigError if `changes`, by name, touch what a node reads only when it is configured."""
    for each in parameters:
        if not each.live and changes.get(each.name, old := node.get_parameter(each.name).value) != old:
            raise ConfigError(f'{each.name} is read when the node is configured: deactivate it and clean it up first')
