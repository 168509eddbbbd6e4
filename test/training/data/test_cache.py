# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames are kept in memory where they fit, and it is said."""

import numpy as np
import pytest
import torch

from support.tiny_frames import noise_streets
from training.data import cache
from training.data.cache import CachedFrames, cache_splits, decoded_bytes, free_memory
from training.data.datasets.street import StreetFrames
from training.data.splits import Splits


@pytest.fixture
def splits() -> Splits:
    train, calibration, val = (StreetFrames.of((seed,), 3, (24, 32)) for seed in range(3))
    return Splits(train=train, calibration=calibration, val=val)


BYTES = 9 * 24 * 32 * 4


@pytest.mark.parametrize(
    ('mode', 'free', 'kept'),
    [('auto', 2 * BYTES + 2, True), ('auto', 2 * BYTES - 2, False), ('on', 0, True), ('off', 10**9, False)],
)
def test_frames_are_kept_where_they_fit(
    mode: str, free: int, kept: bool, splits: Splits, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(cache, 'free_memory', lambda: free)
    chosen = cache_splits(splits, mode, copies=1)
    assert isinstance(chosen.train, CachedFrames) is kept
    said = ' '.join(capsys.readouterr().out.split())
    assert said.startswith('9 frames, ') and f'{"kept in memory" if kept else "read when they are needed"}' in said
    np.testing.assert_array_equal(chosen.val[2].image, splits.val[2].image)
    assert chosen.val.names == splits.val.names and chosen.train.fingerprint() == splits.train.fingerprint()


def test_each_process_keeps_its_own(splits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, 'free_memory', lambda: 3 * BYTES)
    assert isinstance(cache_splits(splits, 'auto', copies=1).train, CachedFrames)
    assert not isinstance(cache_splits(splits, 'auto', copies=2).train, CachedFrames)


def test_the_size_is_measured_on_a_few() -> None:
    torch.manual_seed(0)
    assert decoded_bytes(noise_streets(10, 20)) == 4 * 10 * 20 * 4


def test_free_memory_is_less_than_that_of_the_machine() -> None:
    assert 2**20 < free_memory() < 2**50
