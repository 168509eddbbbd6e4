# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters: each declared once, with a text and a range, and read into one immutable record."""

from dataclasses import dataclass, fields
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.node import Node

from uncd_ros.errors import ConfigError
from uncd_ros.ood import OodTiming

Value = bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as `ros2 param describe` tells it."""

    name: str
    default: Value
    text: str
    low: float | None = None
    high: float | None = None
    """Both ends belong to the range."""


PERCEPTION = (
    Parameter(name='model', default='camvid', text='Folder of a model, or the name of a built-in one.'),
    Parameter(name='device', default='auto', text='auto (CUDA where there is one), cpu, cuda or cuda:N.'),
    Parameter(
        name='autostart',
        default=True,
        text='Configure and activate at start; false leaves both to a lifecycle manager.',
    ),
    Parameter(
        name='ood.false_alarm_rate',
        default=0.01,
        text='Share of images of a familiar scene that may score above the threshold.',
        low=0.0001,
        high=0.5,
    ),
    Parameter(
        name='ood.window',
        default=5,
        text='Images over which the out-of-distribution flag is decided.',
        low=1,
        high=1000,
    ),
    Parameter(
        name='ood.required',
        default=3,
        text='Images of the window that must be strange to raise the flag.',
        low=1,
        high=1000,
    ),
    Parameter(
        name='ood.release',
        default=1,
        text='Strange images of the window at which the flag falls again, less than ood.required.',
        low=0,
        high=999,
    ),
    Parameter(
        name='ood.hold',
        default=1.0,
        text='Seconds, by the stamps of the images, that the flag stays up at least.',
        low=0.0,
        high=3600.0,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeParams:
    """The parameters of the perception node, as they stood when it was configured."""

    model: str
    """Folder, or name of a built-in model."""
    device: str
    """auto, cpu, cuda or cuda:N."""
    autostart: bool
    timing: OodTiming

    @classmethod
    def read(cls, node: Node) -> 'NodeParams':
        """Read what was declared. Raises ConfigError where values do not fit each other."""
        values = values_of(node, PERCEPTION)
        timing = OodTiming(**{each.name: values.pop(each.name) for each in fields(OodTiming)})
        return cls(timing=timing, **values)


def values_of(node: Node, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """The present values by the last part of their names, as keywords for a record."""
    return {each.name.rpartition('.')[2]: node.get_parameter(each.name).value for each in parameters}


def declare(node: Node, parameters: tuple[Parameter, ...]) -> None:
    """Declare parameters. Raises ConfigError, in one sentence, for a value of a wrong type or out of range."""
    for parameter in parameters:
        try:
            node.declare_parameter(parameter.name, parameter.default, _descriptor(parameter))
        except ParameterException as error:
            raise ConfigError(f'parameter {parameter.name} must be {_expected(parameter)}: {error}') from None


def _descriptor(parameter: Parameter) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(
        description=parameter.text, additional_constraints='Read when the node starts or is configured.'
    )
    if parameter.low is not None and parameter.high is not None:
        if isinstance(parameter.default, int):
            limits = IntegerRange(from_value=int(parameter.low), to_value=int(parameter.high), step=1)
            descriptor.integer_range = [limits]
        else:
            descriptor.floating_point_range = [FloatingPointRange(from_value=parameter.low, to_value=parameter.high)]
    return descriptor


def _expected(parameter: Parameter) -> str:
    kind = {bool: 'true or false', int: 'a whole number', float: 'a number such as 1.0', str: 'text'}
    limits = '' if parameter.low is None else f' from {parameter.low:g} to {parameter.high:g}'
    return kind[type(parameter.default)] + limits
