# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of parameters that a node was started with: one that it does not know is a mistake, not to be passed over."""

import difflib
import sys
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from rclpy.node import Node

from uncd_ros.errors import ConfigError

OF_ROS = ('use_sim_time', 'start_type_description_service')
"""Names that a node may have by itself; which of them it has depends on the distribution."""
QOS_PREFIX = 'qos_overrides.'
NEARLY = 0.75
"""Likeness, 1 for the same word, from which a name that other nodes may own is taken for a slip."""


def check_names(node: Node) -> None:
    """Raise ConfigError if the node was given a parameter that it has not declared.

    A section of a parameter file that is meant for every node, such as `/**`, may hold parameters of others: there a
    name is only warned of, and only if it is nearly one of the node's.
    """
    overrides = node._parameter_overrides  # noqa: SLF001  # nothing public says what a node was given
    declared = node.get_parameters_by_prefix('')
    unknown = [name for name in overrides if name not in OF_ROS and not name.startswith(QOS_PREFIX)]
    unknown = [name for name in unknown if name not in declared]
    shared = set(shared_names(sys.argv))
    own = [name for name in unknown if name not in shared]
    if own:
        raise ConfigError('; '.join(complaint('parameter', name, declared) for name in own))
    for name in unknown:
        if nearest(name, declared, NEARLY):
            node.get_logger().warning(complaint('parameter', name, declared))


def complaint(kind: str, name: str, known: Collection[str], *, listing: str = '--help') -> str:
    """What to say about a name that is none of those known.

    `kind` is what it names, such as 'parameter'; `listing` the option that lists all.
    """
    near = nearest(name, known)
    expected = f"did you mean '{near}'?" if near else f'expected a name that {listing} lists'
    return f"unknown {kind} '{name}', {expected}"


def nearest(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known name that is most like this one; empty if none is as like as that."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)), '')


def shared_names(arguments: list[str]) -> Iterator[str]:
    """Names in those sections of the parameter files on a command line that are meant for every node."""
    for option, path in pairwise(arguments):
        if option == '--params-file':
            # The names are enough: launch tags a list as a Python tuple, which only rcl and this loader pass over.
            for pattern, values in sections(yaml.load(Path(path).read_text(), yaml.BaseLoader)):
                if not pattern.strip('/*'):
                    yield from flatten(values)


def sections(content: object, pattern: str = '') -> Iterator[tuple[str, dict[str, Any]]]:
    """The sections of a parameter file: a pattern of node names, such as `/**/segmentation`, and the values."""
    for key, value in content.items() if isinstance(content, dict) else ():
        if key == 'ros__parameters':
            yield pattern, value or {}
        else:
            yield from sections(value, f'{pattern}/{str(key).strip("/")}')


def flatten(values: dict[str, Any], prefix: str = '') -> dict[str, Any]:
    """Values by their names as ROS spells them: nested ones with dots."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= flatten(value, f'{prefix}{name}.') if isinstance(value, dict) else {f'{prefix}{name}': value}
    return flat
