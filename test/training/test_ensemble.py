# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Members: one start for all, shares of an ensemble, and the weight of rare classes."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from support.project import PROJECT
from support.tiny_frames import in_memory, noise_streets
from training.data.labelled_frames import LabelledFrames
from training.distill import distill
from training.ensemble import main
from training.fitting.loop import launch
from training.members.member import initial_member
from training.members.member_store import checkpoint_path, load_member, store_member, weights_path
from training.members.train_members import class_weights, parse_share, train_members
from training.run.settings import Settings, parse_settings
from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ConfigError


@pytest.fixture(scope='module')
def smoke() -> Settings:
    return parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml'])


def _data(labels: torch.Tensor) -> LabelledFrames:
    classes = [ClassInfo(name=name, color=(0, 0, 0)) for name in ('sky', 'road', 'pole')]
    return in_memory(labels[:, None].expand(-1, 3, -1, -1), labels, ('a',), classes)


def test_every_member_starts_alike(smoke: Settings) -> None:
    first, second = initial_member(smoke), initial_member(smoke)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_member_gives_logits_at_the_size_of_its_input(smoke: Settings) -> None:
    member = initial_member(smoke).eval()
    with torch.no_grad():
        assert member(torch.zeros(1, 3, 96, 128)).logits.shape == (1, 8, 96, 128)


def test_weights_of_classes() -> None:
    # 8 sky, 1 road, 1 pole, 2 void.
    labels = torch.tensor([0] * 8 + [1, 2, 255, 255], dtype=torch.uint8).view(1, 3, 4)
    assert class_weights(_data(labels), 0.0).tolist() == [1.0, 1.0, 1.0]
    balanced = class_weights(_data(labels), 1.0)
    # Fully balanced: every class has the same total weight, and the mean weight of a pixel is 1.
    torch.testing.assert_close(balanced * torch.tensor([0.8, 0.1, 0.1]), torch.full((3,), 1 / 3))


@pytest.mark.parametrize(
    ('text', 'expected'), [(None, [0, 1, 2, 3, 4]), ('0-2', [0, 1, 2]), ('4,0,2', [0, 2, 4]), ('1-2,2-3', [1, 2, 3])]
)
def test_a_share_of_five(text: str | None, expected: list[int]) -> None:
    assert parse_share(text, 5) == expected


@pytest.mark.parametrize('text', ['', '5', '0-5', '3-1', 'a', '1,,2', '-1', '[{epochs: 3}]'])
def test_what_is_no_share_is_one_line(text: str) -> None:
    with pytest.raises(
        ConfigError, match=r'--members is .*, expected numbers from 0 to 4, as in 0-4 or 0,1'
    ) as refused:
        parse_share(text, 5)
    assert '\n' not in str(refused.value)


def test_a_finished_checkpoint_is_stored_and_not_trained_again(smoke: Settings, tmp_path: Path) -> None:
    settings = replace(smoke, run=str(tmp_path))
    for index in range(2):
        member = initial_member(replace(settings, init_seed=index))
        state = {'network': member.state_dict(), 'optimizer': _untouched(member, index), 'epoch': 4}
        torch.save(state, checkpoint_path(settings, index))
    trained = train_members(launch(settings), noise_streets(*settings.crop), settings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['member00.safetensors', 'member01.safetensors']
    for index, member in enumerate(trained):
        expected = initial_member(replace(settings, init_seed=index)).state_dict()
        assert all(torch.equal(value.cpu(), expected[name]) for name, value in member.state_dict().items())


def _untouched(member: torch.nn.Module, index: int) -> dict[str, object]:
    kinds = (torch.optim.AdamW, torch.optim.SGD)
    return kinds[index](member.parameters(), 1.0).state_dict()


def test_a_share_trains_its_members_only(smoke: Settings, tmp_path: Path) -> None:
    settings = replace(smoke, run=str(tmp_path), members=tuple(replace(plan, epochs=1) for plan in smoke.members))
    train_members(launch(settings), noise_streets(*settings.crop), settings, [1])
    assert [path.name for path in tmp_path.iterdir()] == ['member01.safetensors']


def test_a_member_never_sees_the_sequences_it_is_without(
    smoke: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    shown: list[set[str]] = []

    def fit(*arguments: object) -> torch.nn.Module:
        shown.append(set(arguments[4].sequences))
        return arguments[2]

    monkeypatch.setattr('training.members.train_members.fit', fit)
    plans = (replace(smoke.members[0], exclude_sequences=('two',)), smoke.members[1])
    settings = replace(smoke, run=str(tmp_path), members=plans)
    train_members(launch(settings), noise_streets(*settings.crop), settings)
    assert shown == [{'one'}, {'one', 'two'}]


@pytest.fixture
def folds(smoke: Settings, tiny_data: Path, tmp_path: Path) -> list[str]:
    """Command line of three members on two drives, one of which each leaves out."""
    settings = {
        **asdict(smoke),
        'data': {'dataset': 'camvid', 'root': str(tiny_data / 'camvid')},
        'student': asdict(replace(smoke.student, num_classes=5)),
        'members': [{'epochs': 1, 'exclude_sequences': [drive]} for drive in ('s1', 's2', 's1')],
        'run': str(tmp_path / 'folds'),
    }
    (tmp_path / 'folds.yaml').write_text(json.dumps(settings))
    return [f'--config={tmp_path}/folds.yaml']


def test_without_a_holdout_each_member_is_evaluated_on_what_it_left_out(folds: list[str], tmp_path: Path) -> None:
    main(folds)
    reports = {path.name: json.loads(path.read_text()) for path in tmp_path.glob('folds/ensemble*.json')}
    assert {name: (report['frames'], report['sequences']) for name, report in reports.items()} == {
        'ensemble_00_02.json': (2, ['s1']),
        'ensemble_01.json': (3, ['s2']),
    }
    first, second = reports['ensemble_00_02.json'], reports['ensemble_01.json']
    for figures in ('miou', 'ece'):
        assert set(first[figures]) == {'member00', 'member02'} and set(second[figures]) == {'member01'}
        assert all(0.0 <= value <= 1.0 for value in (first[figures] | second[figures]).values())


def test_a_student_without_a_holdout_is_refused_before_anything_is_trained(folds: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.holdout is \[\], expected some of \['s1', 's2'\]"):
        distill(parse_settings(folds))
    assert not (tmp_path / 'folds').exists()


def test_a_copied_file_is_a_trained_member(smoke: Settings, tmp_path: Path) -> None:
    there, here = (replace(smoke, run=str(tmp_path / name)) for name in ('there', 'here'))
    for settings in (there, here):
        settings.run_folder.mkdir()
    for index in range(2):
        store_member(there, index, initial_member(there))
        weights_path(here, index).write_bytes(weights_path(there, index).read_bytes())
    assert len(train_members(launch(here), noise_streets(*here.crop), here)) == 2
    assert not load_member(here, 1).training
