# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ensemble distillation: the divergence and the contrast, against values computed by hand."""

import math

import pytest
import torch

from support.project import PROJECT
from training.members.member import Member, initial_member
from training.run.settings import Settings, parse_settings
from training.teaching.end_crd import TEMPERATURE, WEIGHT, ContrastOutput, EndCrdLoss, at_places, info_nce
from training.teaching.end_kl import EndKlLoss
from training.teaching.teacher import Teacher, TeacherStats
from uncd_ros.network.student import Student, StudentOutput

MEAN = torch.tensor([0.75, 0.25]).view(1, 2, 1, 1).expand(1, 2, 1, 2)
STATS = TeacherStats(mean=MEAN, std=torch.zeros(1, 2, 1, 2), soft=MEAN)
KL = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)


@pytest.mark.parametrize('labels', [[0, 1], [1, 255]])
def test_a_divergence_alone_whatever_the_labels(labels: list[int]) -> None:
    output = StudentOutput(logits=torch.zeros(1, 2, 1, 2), std=torch.zeros(1, 0, 1, 2))
    assert float(EndKlLoss(temperature=1.0)(output, STATS, torch.tensor([[labels]]))) == pytest.approx(KL, rel=1e-5)
    assert float(EndKlLoss(temperature=4.0)(output, STATS, torch.tensor([[labels]]))) == pytest.approx(
        16 * KL, rel=1e-5
    )


def test_contrast_by_hand() -> None:
    student, teacher = torch.eye(2), torch.eye(2)
    # Each pixel's own similarity is 1, the other's 0.
    own = math.log(math.exp(1 / TEMPERATURE) / (math.exp(1 / TEMPERATURE) + 1))
    assert float(info_nce(student, teacher)) == pytest.approx(-own, abs=1e-6)
    # All alike: nothing tells the two apart.
    alike = torch.tensor([[1.0, 0.0]] * 2)
    assert float(info_nce(alike, alike)) == pytest.approx(math.log(2), rel=1e-5)
    assert float(info_nce(torch.zeros(0, 2), torch.zeros(0, 2))) == 0.0


def test_both_directions_count() -> None:
    student = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    teacher = torch.tensor([[0.8, 0.6], [0.0, 1.0]])
    similarity = (student @ teacher.T / TEMPERATURE).double()
    rows = -similarity.log_softmax(dim=1).diag().mean()
    columns = -similarity.log_softmax(dim=0).diag().mean()
    assert float(info_nce(student, teacher)) == pytest.approx(float(rows + columns) / 2, rel=1e-5)


def test_pixels_to_ignore_are_not_contrasted() -> None:
    embeddings = torch.eye(2)[None]
    output = ContrastOutput(
        output=StudentOutput(logits=MEAN.log(), std=torch.zeros(1, 0, 1, 2)),
        places=torch.tensor([[[0.0, 0.2], [0.0, 0.7]]]),
        student=embeddings,
        teacher=embeddings,
    )
    loss = EndCrdLoss(temperature=1.0)
    both = float(loss(output, STATS, torch.tensor([[[0, 1]]])))
    assert both == pytest.approx(WEIGHT * float(info_nce(embeddings[0], embeddings[0])), abs=1e-6)
    # A pixel that is alone finds itself.
    assert float(loss(output, STATS, torch.tensor([[[0, 255]]]))) == pytest.approx(0.0, abs=1e-6)


def test_a_place_is_the_same_in_maps_of_any_size() -> None:
    places = torch.tensor([[[0.0, 0.0], [0.6, 0.3], [0.99, 0.99]]])
    coarse = torch.arange(4.0).view(1, 1, 2, 2)
    fine = coarse.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    assert at_places(coarse, places)[0, :, 0].tolist() == at_places(fine, places)[0, :, 0].tolist() == [0.0, 2.0, 3.0]


@pytest.fixture
def settings() -> Settings:
    return parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml'])


def test_embeddings_are_what_the_heads_are_given_and_the_hooks_go(settings: Settings) -> None:
    members: list[Member] = [initial_member(settings) for _ in range(3)]
    student = Student(settings.student).eval()
    x = torch.randn(2, 3, 48, 64)
    objective = EndCrdLoss(temperature=1.0)
    with objective.network(student, members) as network:
        stats = Teacher(members)(x)
        output = network(x, std='none')
        wanted = network.project_student(at_places(student.trunk(x).fine, output.places))
        torch.testing.assert_close(output.student, torch.nn.functional.normalize(wanted, dim=-1), rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(output.teacher.norm(dim=-1), torch.ones(2, output.places.shape[1]))
        objective(output, stats, torch.zeros(2, 48, 64, dtype=torch.int64)).backward()
    assert network.project_teacher.weight.grad is not None and next(student.trunk.parameters()).grad is not None
    assert all(parameter.grad is None for member in members for parameter in member.parameters())
    assert not any(network.head._forward_pre_hooks for network in members)
    assert not student.prediction_head._forward_pre_hooks
    assert not any(name.startswith('project') for name in student.state_dict())
