# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A sweep as a YAML file: settings that all students have in common, and those that tell them apart."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from training.run.command_line import OwnOptions
from training.run.settings import Settings, parse_settings
from uncd_ros.errors import ConfigError

Changes = Mapping[str, Any]
"""Dotted setting -> value, as in {'distill.beta': 50.0}."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One student of a sweep."""

    settings: Settings
    changed: Changes
    """What tells this student from the others."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Students of one ensemble, to be compared."""

    name: str
    common: Changes
    """Where all of them depart from the configuration."""
    variants: dict[str, Variant]
    """By name; at least one."""

    @property
    def settings(self) -> Settings:
        """Settings of the first variant: those that shape the members are the same in all."""
        return next(iter(self.variants.values())).settings


def parse_sweep(arguments: Sequence[str] | None = None) -> Sweep:
    """Read command line and sweep file. Raises ConfigError for what is unknown or of no use.

    Where several set an option, a variant wins over the command line, which wins over `common`, which wins over
    the configuration.
    """
    parser = OwnOptions('Train several students with one ensemble.')
    parser.add_argument('--config', required=True, help='YAML file of settings')
    parser.add_argument('--sweep', required=True, type=Path, help='YAML file of what differs from student to student')
    own, rest = parser.parse_known_args(arguments)
    common, changes = _read(own.sweep)
    variants = {}
    for name, changed in changes.items():
        options = [f'--config={own.config}', *_options(common), *rest, *_options({**changed, 'variant': name})]
        try:
            variants[name] = Variant(settings=parse_settings(options), changed=changed)
        except ConfigError as error:
            raise ConfigError(f'{own.sweep}: {name}: {error}') from None
    return Sweep(name=own.sweep.stem, common=common, variants=variants)


def describe(changed: Changes, nothing: str = 'nothing') -> str:
    """For a person: 'beta 50.0, scale log'."""
    return ', '.join(f'{key.removeprefix("distill.")} {_text(value)}' for key, value in changed.items()) or nothing


def _options(changed: Changes) -> list[str]:
    return [f'--{key}={_text(value)}' for key, value in changed.items()]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read(path: Path) -> tuple[Changes, dict[str, Changes]]:
    """Common settings, and those of each variant; a key without a value holds none."""
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror}), expected a sweep') from None
    except yaml.YAMLError as error:
        raise ConfigError(f'{path}: not YAML ({" ".join(str(error).split())})') from None
    sweep: dict[str, Any] = content if isinstance(content, dict) else {'no': 'mapping'}
    common, variants = sweep.get('common') or {}, sweep.get('variants') or {}
    settings = [common, *variants.values()] if isinstance(variants, dict) else []
    are_mappings = all(isinstance(each or {}, dict) for each in settings)
    if not (set(sweep) <= {'common', 'variants'} and variants and settings and are_mappings):
        raise ConfigError(f'{path}: no sweep, expected {{common: {{key: value}}, variants: {{name: {{key: value}}}}}}')
    return common, {str(name): changed or {} for name, changed in variants.items()}
