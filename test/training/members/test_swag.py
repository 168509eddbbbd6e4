# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SWAG: moments against numpy, samples with the covariance they should have, a resumed training that ends alike."""

from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from support.project import PROJECT
from support.tiny_frames import noise_streets
from training.fitting.loop import launch
from training.members import train_swag as swag_training
from training.members.member_store import load_member, load_samples, sample_path, weights_path
from training.members.swag import SwagMember, SwagMoments, first_collected
from training.members.train_swag import train_swag
from training.run.settings import FitSettings, Settings, parse_settings
from uncd_ros.errors import ConfigError


def test_the_moments_are_numpys() -> None:
    vectors = np.random.default_rng(0).normal(5.0, 0.01, (7, 11)).astype(np.float32)
    moments = SwagMoments(rank=3)
    for vector in vectors:
        moments.update(torch.from_numpy(vector))
    np.testing.assert_allclose(moments.mean, vectors.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(moments.variance(), vectors.var(axis=0), rtol=1e-3)
    # Each deviation is from the mean as it was then.
    running = np.cumsum(vectors, axis=0) / np.arange(1, 8)[:, None]
    np.testing.assert_allclose(torch.stack(moments.deviations), (vectors - running)[-3:], atol=1e-6)


def test_samples_have_the_mean_and_covariance_of_the_paper() -> None:
    vectors = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    moments = SwagMoments(rank=4)
    for vector in vectors:
        moments.update(vector)
    generator = torch.Generator().manual_seed(1)
    samples = torch.stack([moments.sample(generator) for _ in range(40_000)])
    deviations = torch.stack(moments.deviations)
    covariance = moments.variance().diag() / 2 + deviations.T @ deviations / (2 * (4 - 1))
    torch.testing.assert_close(samples.mean(0), moments.mean, atol=0.02, rtol=0.0)
    torch.testing.assert_close(samples.T.cov(), covariance, atol=0.03, rtol=0.0)


def test_weights_count_in_the_last_quarter_of_the_epochs() -> None:
    assert first_collected(FitSettings(epochs=40)) == 31
    assert first_collected(FitSettings(epochs=5)) == 4
    with pytest.raises(ConfigError, match=r'members\.0\.epochs is 4 with teacher\.kind swag, expected 5 or more'):
        first_collected(FitSettings(epochs=4))


def _settings(run: Path) -> Settings:
    plan = '--members=[{seed: 1, epochs: 6, batch_size: 4, lr_floor: 0.5}]'
    teacher = ['--teacher.kind=swag', '--teacher.samples=3', plan]
    config = f'--config={PROJECT}/training/configs/smoke.yaml'
    return parse_settings([config, '--crop=[48, 64]', f'--run={run}', *teacher])


@pytest.fixture(scope='module')
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Fabric:
    return launch(_settings(tmp_path_factory.mktemp('none')))


@pytest.fixture(scope='module')
def trained(fabric: Fabric, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = _settings(tmp_path_factory.mktemp('runs') / 'whole')
    torch.manual_seed(0)
    train_swag(fabric, noise_streets(48, 64), settings)
    return settings


def test_samples_differ_and_have_batch_norms_of_their_own(trained: Settings) -> None:
    member, samples = load_member(trained, 0), load_samples(trained)
    assert len(samples) == 3 and not (trained.run_folder / 'member00.ckpt').exists()
    states = [network.state_dict() for network in (member, *samples)]
    for name in ('trunk.low.0.weight', 'trunk.low.1.running_mean'):
        assert not any(torch.equal(states[i][name], states[j][name]) for i in range(4) for j in range(i))


def test_a_resumed_training_draws_the_same_samples(
    trained: Settings, fabric: Fabric, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tmp_path)
    torch.manual_seed(0)
    frames, collect = noise_streets(48, 64), SwagMember.collect

    def die_after_two(member: SwagMember) -> None:
        if member.moments.count == 1:
            raise KeyboardInterrupt
        collect(member)

    monkeypatch.setattr(SwagMember, 'collect', die_after_two)
    with pytest.raises(KeyboardInterrupt):
        train_swag(fabric, frames, settings)
    monkeypatch.setattr(SwagMember, 'collect', collect)
    assert not sample_path(settings, 0).exists()
    train_swag(fabric, frames, settings)
    for ours, theirs in zip(load_samples(settings), load_samples(trained), strict=True):
        torch.testing.assert_close(ours.state_dict(), theirs.state_dict(), rtol=1e-4, atol=1e-5)


def test_what_is_drawn_is_not_drawn_again(trained: Settings, fabric: Fabric, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(swag_training, 'fit')
    train_swag(fabric, noise_streets(48, 64), trained)
    assert weights_path(trained, 0).is_file()


def test_a_missing_sample_is_named(trained: Settings) -> None:
    path = sample_path(trained, 2)
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(ConfigError, match=r'sample02\.safetensors: not found'):
        load_samples(trained)
    path.write_bytes(content[:1000])
    with pytest.raises(ConfigError, match=r'sample02\.safetensors: not a safetensors file'):
        load_samples(trained)
    path.write_bytes(content)
