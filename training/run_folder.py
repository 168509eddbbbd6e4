# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run folder belongs to one configuration: checkpoints of another are never mixed in silently."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from settings import Settings
from uncd_ros.errors import ConfigError

# Where things are written does not change what is computed.
_FREE = ('out', 'run', 'devices')


def claim(settings: Settings) -> None:
    """Write <run>/config.json, or check that the one there is the same. Raises ConfigError that names the keys."""
    path = settings.run_folder / 'config.json'
    wanted = json.loads(json.dumps({key: value for key, value in asdict(settings).items() if key not in _FREE}))
    if path.is_file():
        before, now = dict(_flat(json.loads(path.read_text()))), dict(_flat(wanted))
        changed = [
            f'{key} was {before.get(key)}, is {now.get(key)}'
            for key in {**now, **before}
            if before.get(key) != now.get(key)
        ]
        if changed:
            raise ConfigError(
                f'{path}: the run was started with other settings ({"; ".join(changed[:3])}); '
                'choose another --run, or remove the folder to start again'
            )
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted, indent=1) + '\n')


def _flat(value: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    """Nested settings as (dotted key, leaf) pairs."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield key, value
        return
    for name, inner in items:
        yield from _flat(inner, f'{key}.{name}' if key else str(name))
