# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A stored member is the member that was trained, or is refused in one sentence."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from support.project import PROJECT
from training.members.member import Member, initial_member
from training.members.member_store import checkpoint_path, load_member, store_member, weights_path
from training.run.settings import Settings, parse_settings
from uncd_ros.errors import ConfigError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml', f'--run={tmp_path}'])


@pytest.fixture
def member(settings: Settings) -> Member:
    return initial_member(settings).to(memory_format=torch.channels_last)


def _checkpoint(settings: Settings, member: Member, epoch: int) -> Path:
    path = checkpoint_path(settings, 0)
    torch.save({'network': member.state_dict(), 'optimizer': {}, 'epoch': epoch}, path)
    return path


def _same(first: Member, second: Member) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_weights_come_back_to_the_last_bit_and_the_checkpoint_goes(settings: Settings, member: Member) -> None:
    checkpoint = _checkpoint(settings, member, epoch=4)
    store_member(settings, 0, member)
    assert not checkpoint.exists()
    loaded = load_member(settings, 0)
    assert _same(loaded, member) and not loaded.training


def test_a_finished_checkpoint_is_a_trained_member_and_reading_leaves_it_there(
    settings: Settings, member: Member
) -> None:
    checkpoint = _checkpoint(settings, member, epoch=4)
    assert _same(load_member(settings, 0), member)
    assert checkpoint.exists() and not weights_path(settings, 0).exists()


def test_a_member_under_way_is_none(settings: Settings, member: Member) -> None:
    _checkpoint(settings, member, epoch=3)
    with pytest.raises(ConfigError, match=r'member00\.ckpt: trained for 3 epochs, expected 4'):
        load_member(settings, 0)


def test_a_member_that_is_not_there_is_named(settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r'member01\.safetensors: not found, expected a trained member'):
        load_member(settings, 1)


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        ({'balance': 0.5}, 'balance was 0.0, is 0.5'),
        ({'dice': 1.0}, 'dice was 0.0, is 1.0'),
        ({'crop': (64, 64)}, 'crop.0 was 96, is 64; crop.1 was 128, is 64'),
        ({'crop_scale': (0.2, 1.0)}, 'crop_scale.0 was 0.4, is 0.2'),
        ({'init_seed': 7}, 'init_seed was 0, is 7'),
    ],
)
def test_a_member_of_other_settings_is_refused(
    change: dict[str, object], named: str, settings: Settings, member: Member
) -> None:
    store_member(settings, 0, member)
    with pytest.raises(ConfigError) as refused:
        load_member(replace(settings, **change), 0)
    assert str(refused.value).startswith(str(weights_path(settings, 0))) and named in str(refused.value)
    assert '\n' not in str(refused.value)


def test_a_member_of_another_plan_or_place_is_refused(settings: Settings, member: Member) -> None:
    store_member(settings, 0, member)
    plan = replace(settings.members[0], exclude_sequences=('street3',))
    with pytest.raises(ConfigError, match=r'plan\.exclude_sequences\.0 was None, is street3'):
        load_member(replace(settings, members=(plan,)), 0)
    weights_path(settings, 0).rename(weights_path(settings, 1))
    with pytest.raises(ConfigError, match=r'plan\.lr was 0\.003, is 0\.05'):
        load_member(settings, 1)


def test_settings_of_the_student_alone_do_not_bind_a_member(settings: Settings, member: Member) -> None:
    store_member(settings, 0, member)
    data = replace(settings.data, root='/elsewhere')
    other = replace(
        settings, name='other', data=data, student_fit=replace(settings.student_fit, epochs=9), run=settings.run
    )
    assert _same(load_member(other, 0), member)


def test_a_member_from_before_a_setting_was_added_has_its_default(
    settings: Settings, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.members import member_store

    shape = member_store._shape
    with monkeypatch.context() as patch:
        old = shape(settings, 0)
        del old['plan']['jitter'], old['student']['decoder'], old['dice']
        patch.setattr(member_store, '_shape', lambda *_: old)
        store_member(settings, 0, member)
    assert _same(load_member(settings, 0), member)


@pytest.mark.parametrize('place', [-1, -1000, 40])
def test_a_changed_byte_is_refused(place: int, settings: Settings, member: Member) -> None:
    store_member(settings, 0, member)
    path = weights_path(settings, 0)
    data = bytearray(path.read_bytes())
    data[place] ^= 0x10
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r'member00\.safetensors: (SHA-256 is \w+, expected|not a safetensors file)'):
        load_member(settings, 0)


def test_a_file_cut_short_is_refused(settings: Settings, member: Member) -> None:
    store_member(settings, 0, member)
    path = weights_path(settings, 0)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ConfigError, match=r'member00\.safetensors: not a safetensors file'):
        load_member(settings, 0)
