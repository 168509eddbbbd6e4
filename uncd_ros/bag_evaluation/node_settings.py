# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters, from its ROS 2 parameter file and the command line, read without ROS.

Only those matter here that decide about the images of a bag.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from uncd_ros.errors import ConfigError
from uncd_ros.model.engine_wish import AUTO, ENGINES, PRECISIONS, EngineWish
from uncd_ros.model.fit import DEFAULT_FIT, FITS
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.monitor.scene_monitor import SILENT_AFTER
from uncd_ros.obstacles.params import ObstacleParams

NODE = 'segmentation'
_SECTION = 'ros__parameters'
_TYPES: dict[str, type] = {
    'model': str,
    'engine': str,
    'precision': str,
    'image_transport': str,
    'fit': str,
    'max_rate': float,
    'silent_after': float,
    **{f'ood.{each.name}': each.type for each in fields(AlarmParams) if isinstance(each.type, type)},
    **{f'obstacles.{each.name}': each.type for each in fields(ObstacleParams) if isinstance(each.type, type)},
}
"""Parameters that are read here."""
NO_EFFECT = (
    'device',
    'autostart',
    'cameras',
    'abstain_confidence',
    'palette',
    'on_ood',
    'lock_classes',
    'use_sim_time',
    'qos_overrides',
)
"""Parameters of the node that change no decision about an image."""
_KINDS = {str: 'text', float: 'a number with a decimal point', int: 'a whole number'}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """The parameters of the node that decide about an image, at the node's defaults. Raises ConfigError."""

    model: str = 'camvid'
    """Folder, or name of a built-in model."""
    engine: str = AUTO
    """What runs the network, one of ENGINES."""
    precision: str = AUTO
    """Type of number in which it computes, one of PRECISIONS."""
    image_transport: str | None = None
    """raw or compressed: the kind of topic that is evaluated; None takes either."""
    fit: str = DEFAULT_FIT
    """What happens to images of another shape than the network's input, one of FITS."""
    max_rate: float = 0.0
    """Images per second that are evaluated at most; 0 is no limit."""
    silent_after: float = SILENT_AFTER
    """Seconds without an image after which the flag rises."""
    alarm: AlarmParams = field(default_factory=AlarmParams)
    obstacles: ObstacleParams = field(default_factory=ObstacleParams)

    @property
    def wish(self) -> EngineWish:
        """Raises ConfigError where engine and precision do not fit each other."""
        return EngineWish(engine=self.engine, precision=self.precision)

    def __post_init__(self) -> None:
        if self.image_transport not in (None, 'raw', 'compressed'):
            raise ConfigError(f"image_transport is '{self.image_transport}', expected raw or compressed")
        for name, choices in (('engine', ENGINES), ('precision', PRECISIONS)):
            if getattr(self, name) not in choices:
                raise ConfigError(f"{name} is '{getattr(self, name)}', expected {' or '.join(choices)}")
        if self.fit not in FITS:
            raise ConfigError(f"fit is '{self.fit}', expected {' or '.join(FITS)}")
        if not 0.0 <= self.max_rate <= 1000.0:
            raise ConfigError(f'max_rate is {self.max_rate}, expected 0 to 1000 images per second')
        if not 0.1 <= self.silent_after <= 3600.0:
            raise ConfigError(f'silent_after is {self.silent_after}, expected 0.1 to 3600 seconds')


def read_node_settings(path: Path | None, assignments: Sequence[str] = ()) -> NodeSettings:
    """Of a parameter file, if there is one, and of `name=value` texts, which win over it and over one another in order.

    Raises ConfigError that names the file or the text, the parameter, its value and what was expected.
    """
    values = _file_values(path) if path else {}
    values |= dict(_assigned(text) for text in assignments)
    alarm, obstacles = (
        {name.removeprefix(group): values.pop(name) for name in list(values) if name.startswith(group)}
        for group in ('ood.', 'obstacles.')
    )
    try:
        return NodeSettings(alarm=AlarmParams(**alarm), obstacles=ObstacleParams(**obstacles), **values)
    except ConfigError as error:
        source = ' and '.join(filter(None, [str(path or ''), '--set' if assignments else '']))
        raise ConfigError(f'{source}: {error}') from None


def _file_values(path: Path) -> dict[str, Any]:
    """The node's image_transport is raw where the file does not say."""
    values: dict[str, Any] = {'image_transport': 'raw'}
    for name, value in _parameters(path, _load(path)).items():
        if name in _TYPES:
            values[name] = _checked(path, name, value)
        elif name.partition('.')[0] not in NO_EFFECT:
            raise ConfigError(f'{path}: the node has no parameter {name}, expected {", ".join((*_TYPES, *NO_EFFECT))}')
    return values


def _assigned(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition('=')
    if not equals or name not in _TYPES:
        problem = 'changes no decision' if name.partition('.')[0] in NO_EFFECT else 'no such assignment'
        raise ConfigError(f'--set {text}: {problem}, expected NAME=VALUE with one of {", ".join(_TYPES)}')
    try:
        return name, _TYPES[name](value)
    except ValueError:
        raise ConfigError(f'--set {text}: {value!r} is not {_KINDS[_TYPES[name]].split(" with")[0]}') from None


def _load(path: Path) -> Mapping[str, Any]:
    try:
        content = YAML(typ='safe').load(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror}), expected a ROS 2 parameter file') from None
    except (UnicodeDecodeError, YAMLError) as error:
        raise ConfigError(
            f'{path}: no YAML ({" ".join(str(error).split())}), expected a ROS 2 parameter file'
        ) from None
    if not isinstance(content, Mapping):
        raise ConfigError(f'{path}: holds {type(content).__name__}, expected names of nodes with {_SECTION}')
    return content


def _parameters(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the node by dotted name; of two sections that fit, the later one wins, as in ROS."""
    sections = dict(_sections(content, ''))
    chosen = {name: section for name, section in sections.items() if name.rpartition('/')[2] in (NODE, '*', '**')}
    if not chosen:
        known = ', '.join(sections) or 'none'
        raise ConfigError(f'{path}: no section for the node {NODE}, expected /**/{NODE}; sections are {known}')
    named = [name for name in chosen if '*' not in name]
    if len(named) > 1:
        raise ConfigError(f'{path}: sections for {len(named)} nodes, {", ".join(named)}, expected one')
    parameters: dict[str, Any] = {}
    for name, section in chosen.items():
        if not isinstance(section, Mapping):
            raise ConfigError(f'{path}: {_SECTION} of {name} is {section!r}, expected parameters and their values')
        parameters |= dict(_flat(section, ''))
    return parameters


def _sections(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """(full name of a node or a pattern of it, its parameters), whether the namespace is nested or written out."""
    for key, value in content.items():
        if key == _SECTION:
            yield prefix, value
        elif isinstance(value, Mapping):
            yield from _sections(value, f'{prefix}/{str(key).strip("/")}')


def _flat(parameters: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}', value


def _checked(path: Path, name: str, value: Any) -> Any:
    """The value, if it is of the parameter's type: like the node, which takes no 1 for 1.0."""
    expected = _TYPES[name]
    if type(value) is not expected:
        raise ConfigError(f'{path}: {name} is {value!r}, expected {_KINDS[expected]}')
    return value
