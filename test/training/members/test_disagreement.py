# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far members disagree, in closed form, and which of them lags behind."""

import itertools
import json
import math
from pathlib import Path

import pytest
import torch

from support.tiny_frames import in_memory
from training.data.labelled_frames import LabelledFrames
from training.members.disagreement import evaluate_ensemble, lagging, pairs_apart, report_ensemble, report_path
from training.members.member import Member
from uncd_ros.classes import ClassInfo
from uncd_ros.model.store import load_model


def test_pairs_apart_in_closed_form() -> None:
    # Four members: all agree; two against two; three against one; all different.
    votes = torch.tensor([[4, 0, 0, 0], [2, 2, 0, 0], [3, 1, 0, 0], [1, 1, 1, 1]]).T
    torch.testing.assert_close(pairs_apart(votes), torch.tensor([0, 4 / 6, 3 / 6, 1.0], dtype=torch.float64))


def test_votes_give_what_comparing_every_pair_gives() -> None:
    torch.manual_seed(0)
    labels = torch.randint(0, 3, (5, 100))
    pairs = [(a != b).double().mean() for a, b in itertools.combinations(labels, 2)]
    votes = torch.stack([(labels == c).sum(0) for c in range(3)])
    torch.testing.assert_close(pairs_apart(votes).mean(), torch.stack(pairs).mean())


@pytest.mark.parametrize(
    ('values', 'expected'),
    [
        ([0.60, 0.61, 0.59, 0.60, 0.30], [4]),
        ([0.60, 0.601, 0.599, 0.60, 0.56], []),  # far in spreads, but not by 0.05
        ([0.60, 0.50, 0.70, 0.40, 0.65], []),  # by more than 0.05, but so are the others
        ([0.60, 0.90, 0.61, 0.59], []),  # ahead is not behind
        ([0.60, 0.20], []),  # of two nobody can say which is wrong
        ([0.60], []),
    ],
)
def test_who_lags_is_far_behind_in_spreads_and_in_miou(values: list[float], expected: list[int]) -> None:
    assert [index for index, lags in enumerate(lagging(values)) if lags] == expected


SURE = 1 / (1 + 4 * math.exp(-10))
"""Softmax of one logit of 10 among four of 0."""


def _constant(tiny_model: Path, label: int) -> Member:
    """A member that says one class everywhere."""
    member = Member(load_model(tiny_model).card.student).eval()
    torch.nn.init.zeros_(member.head[-1].weight)
    member.head[-1].bias.data = 10.0 * torch.nn.functional.one_hot(torch.tensor(label), 5).float()
    return member


def _data() -> LabelledFrames:
    labels = torch.zeros(3, 48, 64, dtype=torch.uint8)
    labels[:, :10] = 255
    images = torch.randint(0, 255, (3, 3, 48, 64), dtype=torch.uint8)
    classes = tuple(ClassInfo(name=str(index), color=(0, 0, 0)) for index in range(5))
    return in_memory(images, labels, ('s',) * 3, classes)


def test_members_that_say_one_class_each(tiny_model: Path) -> None:
    right, wrong = _constant(tiny_model, 0), _constant(tiny_model, 1)
    report = evaluate_ensemble({'a': right, 'b': right, 'c': wrong}, _data())
    assert report.miou == {'a': 1.0, 'b': 1.0, 'c': 0.0}
    assert report.disagreement == pytest.approx(2 / 3)
    assert report.lagging == ('c',)
    assert report.ece['a'] == pytest.approx(1 - SURE, abs=1e-6) and report.ece['c'] == pytest.approx(SURE, abs=1e-6)
    assert evaluate_ensemble({'a': right}, _data()).disagreement is None


def test_the_one_that_lags_is_named(tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = _constant(tiny_model, 0), _constant(tiny_model, 1)
    report_ensemble({0: right, 2: wrong, 4: right}, _data(), report_path(tmp_path, (0, 2, 4), 5))
    said = capsys.readouterr().out
    assert 'warning: member02 lags behind: mIoU 0.000, median of the members 1.000' in ' '.join(said.split())
    written = json.loads((tmp_path / 'ensemble_00_02_04.json').read_text())
    assert written['lagging'] == ['member02'] and written['frames'] == 3


def test_a_share_has_a_report_of_its_own(tmp_path: Path) -> None:
    assert report_path(tmp_path, range(3), 3) == tmp_path / 'ensemble.json'
    shares = {report_path(tmp_path, share, 3) for share in ([0, 1], [2], [0, 1, 2])}
    assert len(shares) == 3
