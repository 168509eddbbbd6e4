# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of the launch file: checked before anything starts, each mistake told in one line."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from uncd_ros.errors import ConfigError
from uncd_ros.node.parameter import expected
from uncd_ros.node.parameter_names import OF_ROS, QOS_PREFIX, complaint, flatten, sections
from uncd_ros.node.params import CAMERA_NAME, PERCEPTION

LAUNCH_FILE = 'perception.launch.py'
NODE = 'segmentation'
STREET = 'street'
PARAMETERS = {parameter.name: parameter for parameter in PERCEPTION}
SWITCH = ('true', 'false')
CHOICES = {
    'autostart': ('', *SWITCH),
    'image_transport': ('', 'raw', 'compressed'),
    'log_level': ('debug', 'info', 'warn', 'error'),
    **dict.fromkeys(('loop', 'rviz', 'record', 'use_sim_time', 'respawn', 'large_images'), SWITCH),
}
"""All that an argument may be; the empty text leaves the choice to the parameter file."""
_PLACE = re.compile(r'/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*', re.ASCII)
"""A topic or a namespace."""
_DEVICE = re.compile(r'(auto|cpu|cuda(:\d+)?)?')
OF_LAUNCH = ('sigterm_timeout', 'sigkill_timeout', 'emulate_tty')
"""What launch itself reads, whatever the launch file."""
HIGHEST_RATE = 1000.0
"""Images per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchArguments:
    """What the launch file is to start. What an argument leaves open is what the node reads from its file."""

    params_file: Path
    overrides: dict[str, Any]
    """Parameters of the node that outweigh those of its file, by name."""
    namespace: str
    """Without slashes at its ends; may be empty."""
    image: str
    """Topic of the images; with cameras, below the name of each."""
    model: str
    cameras: tuple[str, ...]
    image_transport: str
    source: str
    """What plays as the camera; empty is nothing."""
    rate: float
    """Images per second of the source; 0 is its own."""
    loop: bool
    rviz: bool
    record: bool
    use_sim_time: bool
    respawn: bool
    large_images: bool
    log_level: str

    @classmethod
    def read(cls, values: Mapping[str, str]) -> 'LaunchArguments':
        """From texts by name. Raises UncdError for the first that cannot be."""
        # Launch files in Python spell their switches True and False when they include this one.
        values = {name: text.lower() if 'true' in CHOICES.get(name, ()) else text for name, text in values.items()}
        for name, choices in CHOICES.items():
            if values[name] not in choices:
                raise _refused(values, name, f'{" or ".join(filter(None, choices))}')
        if not _DEVICE.fullmatch(values['device']):
            raise _refused(values, 'device', 'auto, cpu, cuda or cuda:N')
        for name in ('namespace', 'image'):
            if not _PLACE.fullmatch(values[name].rstrip('/')) and (name, values[name]) != ('namespace', ''):
                raise _refused(values, name, 'a name such as front/camera, of letters, digits and _ between slashes')
        if values['source'] not in ('', STREET) and not Path(values['source'].partition(':/')[0]).exists():
            raise _refused(values, 'source', f"'{STREET}', a video file, a folder of images or a bag that exists")
        file, namespace = Path(values['params_file']).expanduser(), values['namespace'].strip('/')
        settings: dict[str, Any] = {name: parameter.default for name, parameter in PARAMETERS.items()}
        settings |= read_settings(file, f'/{namespace}/{NODE}'.replace('//', '/'))
        overrides = _overrides(values)
        settings |= overrides
        return cls(
            params_file=file,
            overrides=overrides,
            namespace=namespace,
            image=values['image'],
            model=settings['model'],
            cameras=tuple(settings['cameras']),
            image_transport=settings['image_transport'],
            source=values['source'],
            rate=_rate(values),
            log_level=values['log_level'],
            **{name: values[name] == 'true' for name, choices in CHOICES.items() if choices == SWITCH},
        )

    def camera_topics(self, camera: str) -> dict[str, str]:
        """From the node's names of a camera's topics to those they have here."""
        prefix = f'{camera}/' if camera else ''
        image = f'{prefix}{self.image}'
        return {
            f'{prefix}image_raw': image,
            f'{prefix}image_raw/compressed': f'{image}/compressed',
            f'{prefix}camera_info': f'{image.rpartition("/")[0]}/camera_info' if '/' in image else 'camera_info',
        }

    def full_name(self, topic: str) -> str:
        """A topic as everybody knows it; `~` is the node."""
        topic = topic.replace('~', NODE)
        return topic if topic.startswith('/') else f'/{self.namespace}/{topic}'.replace('//', '/')

    def rviz_topics(self) -> dict[str, str]:
        """From the topics of rviz's configuration to those of the first camera."""
        camera = self.cameras[0]
        images = self.image if not camera else f'{camera}/{self.image}'
        shown = images if self.image_transport == 'raw' else f'{images}/compressed'
        names = ('overlay', 'uncertainty', 'anomaly')
        outputs = {f'/{NODE}/{name}': f'~/{camera}/{name}'.replace('//', '/') for name in names}
        return {name: self.full_name(topic) for name, topic in ({'/image_raw': shown} | outputs).items()}


def check_command(command: list[str], declared: Collection[str]) -> None:
    """Raise ConfigError for an argument that the launch file does not have, which launch would pass over.

    Only where `command` asks for this very file: a launch file that includes it has arguments of its own.
    """
    files = [index for index, word in enumerate(command) if Path(word).name == LAUNCH_FILE]
    for word in command[files[0] + 1 :] if files else []:
        name, assigned, _ = word.partition(':=')
        if assigned and name not in declared and name not in OF_LAUNCH:
            raise ConfigError(complaint('launch argument', name, declared, listing='--show-args'))


def read_settings(file: Path, node: str) -> dict[str, Any]:
    """What a parameter file sets for a node of this full name, by parameter. Raises ConfigError, naming the file."""
    if not file.is_file():
        found = 'is a folder' if file.is_dir() else 'not found'
        raise ConfigError(f'params_file {file} {found}, expected a YAML file such as config/perception.yaml')
    try:
        with file.open('rb') as stream:  # of a stream yaml tells the place alone, of a text it quotes the lines
            content = list(sections(yaml.safe_load(stream)))
    except yaml.YAMLError as error:
        raise ConfigError(f'params_file {file} is not YAML: {" ".join(str(error).split())}') from None
    own = [(pattern, flatten(values)) for pattern, values in content if _matches(pattern, node)]
    if not own:
        found = ', '.join(pattern for pattern, _ in content) or 'no section with ros__parameters'
        raise ConfigError(f'params_file {file} has nothing for {node}, expected a section /**/{NODE}, found {found}')
    settings: dict[str, Any] = {}
    for pattern, values in own:
        if pattern.strip('/*'):  # a section for every node may hold parameters of others
            _check_values(file, values)
        settings |= values
    return settings


def _check_values(file: Path, values: Mapping[str, Any]) -> None:
    """Raise ConfigError for what the node would refuse: a name that it has not, or a value that it does not allow."""
    for name, value in values.items():
        if name in OF_ROS or name.startswith(QOS_PREFIX):
            continue
        if name not in PARAMETERS:
            raise ConfigError(f'params_file {file}: {complaint("parameter", name, PARAMETERS)}')
        if not PARAMETERS[name].allows(value):
            raise ConfigError(f"params_file {file}: {name} is '{value}', expected {expected(PARAMETERS[name])}")


def _matches(pattern: str, node: str) -> bool:
    """Whether a section is for a node: `*` is one part of its name, `**` any number of them."""
    kinds = {'*': '/[^/]+', '**': '(/[^/]+)*'}
    parts = (kinds.get(part, f'/{re.escape(part)}') for part in pattern.split('/') if part)
    return re.fullmatch(''.join(parts), node) is not None


def _overrides(values: Mapping[str, str]) -> dict[str, Any]:
    """Those arguments that are parameters of the node and are not left to its file."""
    overrides: dict[str, Any] = {name: values[name] for name in ('model', 'device', 'image_transport') if values[name]}
    if values['autostart']:
        overrides['autostart'] = values['autostart'] == 'true'
    if values['cameras']:
        names = [name.strip() for name in values['cameras'].split(',')]
        if len(set(names)) < len(names) or not all(map(CAMERA_NAME.fullmatch, names)) or '' in names:
            raise _refused(values, 'cameras', 'names of letters, digits and _ with commas between, no two alike')
        overrides['cameras'] = names
    return overrides


def _rate(values: Mapping[str, str]) -> float:
    try:
        rate = float(values['rate'])
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate <= HIGHEST_RATE:
        raise _refused(values, 'rate', f"images per second from 0, the source's own, to {HIGHEST_RATE:g}")
    return rate


def _refused(values: Mapping[str, str], name: str, expected: str) -> ConfigError:
    return ConfigError(f"launch argument {name} is '{values[name]}', expected {expected}")
