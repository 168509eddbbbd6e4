# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A trained member as a file: weights alone, their checksum, and the settings that shaped them.

A third of a checkpoint's size, so that shares of an ensemble are gathered by copying; and complete, so that a file of
another ensemble is refused. In full precision: a member that was stored, killed or copied is the one that was trained,
whereas halves would change one label in a thousand.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from training.fitting.checkpoint import damage_named
from training.members.member import Member
from training.run.run_folder import data_shape, differences, member_shape
from training.run.settings import DataSettings, FitSettings, Settings
from uncd_ros.durable import write_durably
from uncd_ros.errors import ConfigError
from uncd_ros.network.student import StudentConfig


def weights_path(settings: Settings, index: int) -> Path:
    """Of a member trained to its end."""
    return settings.run_folder / f'member{index:02d}.safetensors'


def checkpoint_path(settings: Settings, index: int) -> Path:
    """Of a member under way."""
    return settings.run_folder / f'member{index:02d}.ckpt'


def store_member(settings: Settings, index: int, member: Member) -> None:
    """Replace the checkpoint by weights; a kill between two bytes leaves one of them whole."""
    _store(weights_path(settings, index), _shape(settings, index), member)
    checkpoint_path(settings, index).unlink(missing_ok=True)


def load_member(settings: Settings, index: int) -> Member:
    """A member trained to its end, on the CPU and in evaluation mode.

    Raises ConfigError, in one sentence, for a file that is damaged, belongs to other settings or is not there.
    """
    path = weights_path(settings, index)
    is_stored = path.is_file()
    weights = _stored(path, _shape(settings, index)) if is_stored else _finished(settings, index)
    member = Member(settings.student)
    with damage_named(path if is_stored else checkpoint_path(settings, index)):
        member.load_state_dict(weights)
    return member.eval()


def load_members(settings: Settings, count: int | None = None) -> list[Member]:
    """The first `count` members of a run, or all."""
    return [load_member(settings, index) for index in range(len(settings.members))[:count]]


def sample_path(settings: Settings, index: int) -> Path:
    """Of a network that was sampled from the one member of a run."""
    return settings.run_folder / f'sample{index:02d}.safetensors'


def store_sample(settings: Settings, index: int, sample: Member) -> None:
    """Write a network that was sampled from the first member, bound to the settings of member and teacher."""
    _store(sample_path(settings, index), _sample_shape(settings, index), sample)


def load_samples(settings: Settings) -> list[Member]:
    """All samples of a run, as `load_member`."""
    samples = []
    for index in range(settings.teacher.samples):
        path, member = sample_path(settings, index), Member(settings.student)
        if not path.is_file():
            raise ConfigError(f'{path}: not found, expected a sample of the trained member; train it first')
        with damage_named(path):
            member.load_state_dict(_stored(path, _sample_shape(settings, index)))
        samples.append(member.eval())
    return samples


def _store(path: Path, shape: dict[str, Any], member: Member) -> None:
    weights = {name: value.cpu().contiguous() for name, value in member.state_dict().items()}
    text = json.dumps(shape)
    write_durably(path, save(weights, {'settings': text, 'sha256': _digest(weights, text)}))


def _stored(path: Path, expected_shape: dict[str, Any]) -> dict[str, Tensor]:
    try:
        with safe_open(path, 'pt') as file:
            metadata = file.metadata() or {}
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ConfigError(f'{path}: not a safetensors file ({error}), expected the weights of a member') from None
    shape, expected = metadata.get('settings', '{}'), metadata.get('sha256', 'none')
    digest = _digest(weights, shape)
    if digest != expected:
        raise ConfigError(f'{path}: SHA-256 is {digest[:12]}, expected {expected[:12]} as when it was stored')
    if changed := differences(_with_defaults(json.loads(shape)), expected_shape):
        raise ConfigError(f'{path}: a member trained with other settings ({changed}), expected those of this run')
    return weights


def _finished(settings: Settings, index: int) -> dict[str, Tensor]:
    """Weights of a checkpoint that has reached its last epoch; reading a run never writes into it."""
    path, epochs = checkpoint_path(settings, index), settings.members[index].epochs
    if not path.is_file():
        raise ConfigError(f'{weights_path(settings, index)}: not found, expected a trained member; train it first')
    with damage_named(path):
        state = torch.load(path, map_location='cpu', weights_only=True)
        done, weights = int(state['epoch']), state['network']
    if done != epochs:
        raise ConfigError(f'{path}: trained for {done} epochs, expected {epochs}; resume the training first')
    return dict(weights)


def _shape(settings: Settings, index: int) -> dict[str, Any]:
    return {'plan': asdict(settings.members[index]), **member_shape(settings)}


def _with_defaults(shape: dict[str, Any]) -> dict[str, Any]:
    """A stored shape, where settings that were added later have the value they had then, their default."""
    plan, student = FitSettings(**shape['plan']), StudentConfig(**shape['student'])
    data = data_shape(DataSettings(**shape['data']))
    return {'dice': Settings.dice, **shape, 'plan': asdict(plan), 'student': asdict(student), 'data': data}


def _sample_shape(settings: Settings, index: int) -> dict[str, Any]:
    return {**_shape(settings, 0), 'teacher': asdict(settings.teacher), 'sample': index}


def _digest(weights: dict[str, Tensor], shape: str) -> str:
    """SHA-256 over the settings and every tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(shape.encode())
    for name, value in sorted(weights.items()):
        digest.update(f'{name} {value.dtype} {tuple(value.shape)}'.encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
