# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One parameter of a node: what it may be, and how it is declared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.node import Node

from uncd_ros.errors import ConfigError
from uncd_ros.node.parameter_names import check_names

Value = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as `ros2 param describe` shows it."""

    name: str
    default: Value
    text: str
    unit: str = ''
    low: float | None = None
    high: float | None = None
    """Both ends belong to the range."""
    choices: tuple[str, ...] = ()
    """All that it may be; empty is anything."""
    live: bool = False
    """Whether a change takes effect while the node runs."""

    def allows(self, value: object) -> bool:
        """Whether a value, as YAML has it, is of the type of this parameter and in its range."""
        kind = type(self.default)
        if type(value) is not (list if kind is tuple else kind) or (self.choices and value not in self.choices):
            return False
        if not isinstance(value, int | float) or self.low is None or self.high is None:
            return True
        return self.low <= value <= self.high


def declare(node: Node, parameters: tuple[Parameter, ...]) -> None:
    """Declare all of a node's parameters.

    Raises ConfigError, in one sentence, for a value of a wrong type or out of range, and for a name that is none of
    theirs.
    """
    for each in parameters:
        default = list(each.default) if isinstance(each.default, tuple) else each.default
        try:
            node.declare_parameter(each.name, default, _descriptor(each))
        except ParameterException as error:
            raise ConfigError(f'parameter {each.name} must be {expected(each)}: {error}') from None
    check_names(node)


def values_of(
    node: Node, parameters: tuple[Parameter, ...], changes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The present values, with `changes` made, by the last part of their names, as keywords for a record.

    Raises ConfigError for a value that is none of those allowed.
    """
    values = {}
    for each in parameters:
        value = (changes or {}).get(each.name, node.get_parameter(each.name).value)
        if each.choices and value not in each.choices:
            raise ConfigError(f"{each.name} is '{value}', expected {' or '.join(each.choices)}")
        values[each.name.rpartition('.')[2]] = value
    return values


def _descriptor(parameter: Parameter) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(
        description=f'{parameter.text} Unit: {parameter.unit}.' if parameter.unit else parameter.text,
        additional_constraints=_constraints(parameter),
    )
    if parameter.low is not None and parameter.high is not None:
        if isinstance(parameter.default, int):
            limits = IntegerRange(from_value=int(parameter.low), to_value=int(parameter.high), step=1)
            descriptor.integer_range = [limits]
        else:
            descriptor.floating_point_range = [FloatingPointRange(from_value=parameter.low, to_value=parameter.high)]
    return descriptor


def _constraints(parameter: Parameter) -> str:
    when = 'May change at any time.' if parameter.live else 'Read when the node starts or is configured.'
    return f'One of {", ".join(parameter.choices)}. {when}' if parameter.choices else when


def expected(parameter: Parameter) -> str:
    """What its value must be, for the end of a sentence."""
    if parameter.choices:
        return ' or '.join(parameter.choices)
    kind = {bool: 'true or false', int: 'a whole number', float: 'a number such as 1.0', str: 'text', tuple: 'texts'}
    limits = '' if parameter.low is None else f' from {parameter.low:g} to {parameter.high:g}'
    return kind[type(parameter.default)] + limits
