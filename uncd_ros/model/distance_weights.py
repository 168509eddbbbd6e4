# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""anomaly.safetensors: what the distance of features is computed with, as bytes and back with each number checked."""

import math
from pathlib import Path

from safetensors.torch import save
from torch import Tensor, float32

from uncd_ros.errors import ModelError
from uncd_ros.model.weights import read_tensors
from uncd_ros.network.feature_distance import FeatureDistance
from uncd_ros.network.student import Student

ELEMENT_MAX = 1e6
"""Largest magnitude of an element; fitted ones stay below a thousand."""


def encode_distance(distance: FeatureDistance) -> bytes:
    """Content of anomaly.safetensors."""
    return save({name: value.float().contiguous().cpu() for name, value in distance.named_buffers()})


def decode_distance(path: Path, data: bytes, student: Student) -> FeatureDistance:
    """What `encode_distance` was given, for the features of this student.

    Raises ModelError where a tensor is missing, unknown, of another type or shape, not finite or out of range;
    `path` is for the message.
    """
    stored = read_tensors(path, data)
    if set(stored) != {'whitening', 'means'}:
        raise ModelError(f'{path}: holds {", ".join(sorted(stored))[:100]!a}, expected the tensors means and whitening')
    directions = stored['whitening'].shape[:1].numel()
    # A class that no training frame shows has no mean.
    classes = min(stored['means'].shape[:1].numel(), student.config.num_classes)
    shapes = {'whitening': (directions, student.trunk.channels), 'means': (classes, directions)}
    for name, shape in shapes.items():
        if fault := _fault(stored[name], shape):
            raise ModelError(f'{path}: tensor {name} {fault}')
    return FeatureDistance(stored['whitening'], stored['means'])


def _fault(stored: Tensor, shape: tuple[int, int]) -> str:
    """What is wrong with a tensor; empty if nothing is."""
    if stored.dtype != float32 or stored.shape != shape or not stored.numel():
        return f'is {stored.dtype} of shape {tuple(stored.shape)}, expected torch.float32 of {shape}'
    low, high = (float(end) for end in stored.aminmax())
    if not (math.isfinite(low) and math.isfinite(high) and max(-low, high) <= ELEMENT_MAX):
        return f'holds values from {low:g} to {high:g}, expected finite ones of magnitude at most {ELEMENT_MAX:g}'
    return ''
