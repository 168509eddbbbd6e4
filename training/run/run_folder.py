# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run folder holds belongs to one configuration: files of another are never mixed in silently.

Members are bound to the settings that shape them by <run>/config.json, and each student to its own by student.json
beside its checkpoint. So many students can be taught by one ensemble, which may have been trained elsewhere.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.run.settings import DataSettings, Settings, parse_settings
from uncd_ros.durable import create_durably
from uncd_ros.errors import ConfigError

# Where things lie says nothing about what is computed. Devices and precision do: they bind each network while it is
# trained, by its checkpoint, so that members and student may come from machines of several kinds.
_FREE = ('out', 'run', 'variant', 'devices', 'precision')
# Nor do these change the student's weights.
_AFTER_THE_STUDENT = ('name', 'calibration')


def claim(settings: Settings) -> None:
    """Write <run>/config.json, or check that its members are the same. Raises ConfigError that names the keys."""
    remedy = 'choose another --run, or remove the folder to start again'
    _bind(settings.run_folder / 'config.json', settings, ensemble_shape, remedy)


def claim_student(settings: Settings) -> None:
    """Write student.json, or check that the student there is the same. Raises ConfigError that names the keys."""
    path = settings.student_folder / 'student.json'
    if not path.is_file() and (settings.student_folder / 'student.ckpt').is_file():
        path = settings.run_folder / 'config.json'  # which was all there was before a run could have two students
    remedy = f'choose another --variant for this one, or remove {settings.student_folder}/student.*'
    _bind(path, settings, student_shape, remedy)


def recorded(settings: Settings) -> dict[str, Any]:
    """What a model's provenance keeps: everything but where files lay on the machine that trained it."""
    kept = {key: value for key, value in asdict(settings).items() if key not in ('out', 'run')}
    return kept | {'data': data_shape(settings.data)}


def sweep_folder(run: Path) -> Path:
    """Where sweep.py compares the students of a run, in a Markdown and a JSON file a sweep."""
    return run / 'sweeps'


def load_run(run: Path) -> Settings:
    """Settings of a run folder. Raises ConfigError where it is none."""
    config = run / 'config.json'
    if not config.is_file():
        raise ConfigError(
            f'{run}: no run folder, expected config.json and memberNN.safetensors as training/distill.py writes'
        )
    return _read(config, run)


def load_student_settings(folder: Path) -> Settings:
    """Settings of the student in a run folder, or in that of a variant. Raises ConfigError where there is none."""
    path = next((path for path in (folder / 'student.json', folder / 'config.json') if path.is_file()), None)
    if path is None:
        raise ConfigError(f'{folder}: no run, expected a folder with student.json as training/distill.py writes')
    return _read(path, folder)


def ensemble_shape(settings: Settings) -> dict[str, Any]:
    """The settings that shape the members, and what is sampled from them."""
    members = [asdict(plan) for plan in settings.members]
    return member_shape(settings) | {'members': members, 'teacher': asdict(settings.teacher)}


def member_shape(settings: Settings) -> dict[str, Any]:
    """The settings that shape every member, whatever its plan."""
    return {
        'data': data_shape(settings.data),
        'student': asdict(settings.student),
        'crop': settings.crop,
        'crop_scale': settings.crop_scale,
        'pretrained': settings.pretrained,
        'init_seed': settings.init_seed,
        'balance': settings.balance,
        'dice': settings.dice,
    }


def data_shape(data: DataSettings) -> dict[str, Any]:
    """The settings that say which frames there are; how they are read changes nothing."""
    return {key: value for key, value in asdict(data).items() if key not in ('root', 'workers', 'cache')}


def differences(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The first three settings that changed, by name; empty if none did."""
    old, new = (dict(flat(json.loads(json.dumps(shape)))) for shape in (before, now))
    changed = [f'{key} was {old.get(key)}, is {new.get(key)}' for key in {**new, **old} if old.get(key) != new.get(key)]
    return '; '.join(changed[:3])


def student_shape(settings: Settings) -> dict[str, Any]:
    """The settings that shape the student and its teacher."""
    whole = asdict(settings) | {'data': member_shape(settings)['data']}
    del whole['distill']['wise_ft_alpha']  # which comes after the last checkpoint
    return {key: value for key, value in whole.items() if key not in _FREE + _AFTER_THE_STUDENT}


def flat(value: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    """Nested settings as (dotted key, leaf) pairs."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield key, value
        return
    for name, inner in items:
        yield from flat(inner, f'{key}.{name}' if key else str(name))


def _bind(path: Path, settings: Settings, shape: Callable[[Settings], dict[str, Any]], remedy: str) -> None:
    """Of several processes that start together, one writes the file and all others are compared with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in asdict(settings).items() if key not in _FREE}
    if not path.is_file() and create_durably(path, (json.dumps(kept, indent=1) + '\n').encode()):
        return
    # Read as settings, not as JSON: what has been added since has the value it had then, its default.
    if changed := differences(shape(_read(path, settings.run_folder)), shape(settings)):
        raise ConfigError(f'{path}: the run was started with other settings ({changed}); {remedy}')


def _read(path: Path, run: Path) -> Settings:
    try:
        return parse_settings([f'--config={path}', f'--run={run}'])
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from None
