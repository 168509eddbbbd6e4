# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `--help` prints of a node."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from uncd_ros.node.parameter import Parameter, Value

WIDTH = 100
"""Characters of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic or service of a node, as a person wants to know it."""

    name: str
    type: str
    """Such as Image."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHelp:
    """A node as its user sees it."""

    program: str
    """Of the console script."""
    purpose: str
    """One sentence."""
    example: str
    """A remapping that is often needed, such as image_raw:=/camera/image_raw."""
    parameters: Sequence[Parameter]
    subscribed: Sequence[Topic]
    published: Sequence[Topic]
    services: Sequence[Topic] = ()

    def text(self) -> str:
        """Usage, parameters and topics, with a line end."""
        parts = [
            f'usage: {self.program} [--help] [--ros-args [-p NAME:=VALUE] [-r FROM:=TO] [--params-file FILE]]',
            '\n' + textwrap.fill(self.purpose, WIDTH),
            f'\nexample: ros2 run uncd_ros {self.program} --ros-args -r {self.example}',
            '\nparameters:',
            *(_entry(each.name, _kind(each), each.text) for each in self.parameters),
        ]
        sections = {
            'subscribed topics': self.subscribed,
            'published topics': self.published,
            'services': self.services,
        }
        for heading, entries in sections.items():
            if entries:
                parts += [f'\n{heading}:', *(_entry(each.name, each.type, each.text) for each in entries)]
        return '\n'.join(parts) + '\n'


def _entry(name: str, kind: str, text: str) -> str:
    body = textwrap.fill(text, WIDTH, initial_indent=' ' * 6, subsequent_indent=' ' * 6)
    return f'  {name}  ({kind})\n{body}'


def _kind(parameter: Parameter) -> str:
    """Default, unit and range of a parameter, and when a change takes effect."""
    parts = [f'default {_spelt(parameter.default)}']
    if parameter.unit:
        parts.append(parameter.unit)
    if parameter.choices:
        parts.append(' or '.join(parameter.choices))
    if parameter.low is not None and parameter.high is not None:
        parts.append(f'{parameter.low:.10g} to {parameter.high:.10g}')
    if parameter.live:
        parts.append('live')
    return ', '.join(parts)


def _spelt(value: Value) -> str:
    """As `-p` takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return str(value)
