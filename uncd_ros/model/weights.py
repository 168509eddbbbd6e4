# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""student.safetensors: the tensors of a student as bytes, and back with each of them checked."""

import math
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from uncd_ros.errors import ModelError
from uncd_ros.network.student import Student

MAHALANOBIS = 'mahalanobis.'
"""Prefix of the names of the tensors of `MahalanobisFeatures`."""
MAHALANOBIS_MAX = 1e6
"""Largest magnitude of an element of its mean and whitening; fitted ones stay below a thousand."""


def encode_weights(student: Student) -> bytes:
    """Content of student.safetensors: floating-point tensors in half precision, those of the distance in single."""
    return save(
        {
            name: value.detach().to(_stored_dtype(name, value)).contiguous().cpu()
            for name, value in _tensors(student).items()
        }
    )


def round_weights(student: Student) -> None:
    """Round to what student.safetensors can hold, in place: what is calibrated then is what will be loaded."""
    for value in student.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())


def decode_weights(path: Path, data: bytes, student: Student) -> None:
    """Copy the content of a student.safetensors into a student.

    Raises ModelError where a tensor is missing, unknown, of another type or shape, not finite or out of range;
    `path` is for the message.
    """
    stored, expected = read_tensors(path, data), _tensors(student)
    for name in sorted(expected.keys() | stored.keys()):
        if fault := _form_fault(name, expected.get(name), stored.get(name)) or _value_fault(name, stored[name]):
            raise ModelError(f'{path}: tensor {name[:100]!a} {fault}')
    for name, value in expected.items():
        value.copy_(stored[name])


def read_tensors(path: Path, data: bytes) -> dict[str, Tensor]:
    """The tensors in a safetensors file, by name. Raises ModelError; `path` is for the message."""
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ModelError(f'{path}: not a safetensors file ({" ".join(str(error).split())[:100]})') from None


def _form_fault(name: str, expected: Tensor | None, stored: Tensor | None) -> str:
    """Whether a stored tensor is the expected one, by type and shape; empty if it is."""
    if stored is None:
        return 'is missing'
    if expected is None:
        return 'is unknown to the network in model.json'
    if stored.dtype != (dtype := _stored_dtype(name, expected)):
        return f'is {stored.dtype}, expected {dtype}'
    if stored.shape != expected.shape:
        return f'has shape {tuple(stored.shape)}, expected {tuple(expected.shape)}'
    return ''


def _value_fault(name: str, stored: Tensor) -> str:
    """What is wrong with the numbers in a tensor; empty if nothing is."""
    # One pass that lets NaN through, a tenth of the time of isfinite().
    low, high = (float(end) for end in stored.aminmax())
    if not (math.isfinite(low) and math.isfinite(high)):
        return 'holds NaN or infinity, expected finite numbers'
    if name.endswith('running_var') and low < 0.0:
        return f'has a variance of {low:g}, expected 0 or more'
    if name.startswith(MAHALANOBIS) and max(-low, high) > MAHALANOBIS_MAX:
        return f'has an element of magnitude {max(-low, high):g}, expected at most {MAHALANOBIS_MAX:g}'
    return ''


def _stored_dtype(name: str, value: Tensor) -> torch.dtype:
    if not value.is_floating_point():
        return value.dtype
    # A distance multiplies small differences by large weights: its mean and whitening keep all digits.
    return torch.float32 if name.startswith(MAHALANOBIS) else torch.float16


def _tensors(student: Student) -> dict[str, Tensor]:
    """All that student.safetensors holds, in the student's own memory."""
    mahalanobis = {f'{MAHALANOBIS}{name}': value for name, value in student.mahalanobis.named_buffers()}
    return student.state_dict() | mahalanobis
