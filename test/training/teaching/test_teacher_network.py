# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Student, single net and ensemble answer alike in kind."""

from pathlib import Path

import torch

from training.members.member_network import member_network
from training.members.member_store import load_members
from training.run.run_folder import load_run
from training.teaching.teacher import Teacher
from training.teaching.teacher_network import ensemble_network
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.model.store import load_model

IMAGES = torch.randint(0, 255, (1, 3, 30, 50), dtype=torch.uint8)


def test_a_single_net_keeps_its_logits_and_has_no_std(tiny_run: Path) -> None:
    (member,) = load_members(load_run(tiny_run), count=1)
    plain, scaled = member_network(member)(IMAGES), member_network(member, 2.0)(IMAGES)
    torch.testing.assert_close(plain.logits, 2 * scaled.logits)
    assert plain.std.shape == plain.logits.shape and not plain.std.any()


def test_an_ensemble_of_equals_is_each_of_them(tiny_run: Path) -> None:
    members = load_members(load_run(tiny_run))
    together, alone = ensemble_network(Teacher(members))(IMAGES), member_network(members[0])(IMAGES)
    torch.testing.assert_close(together.logits.softmax(1), alone.logits.softmax(1), rtol=1e-4, atol=1e-5)
    assert together.std.max() < 1e-4


def test_a_student_takes_images_of_any_size(tiny_model: Path) -> None:
    model = load_model(tiny_model)
    size = model.card.student.input_size
    assert student_network(model.student)(IMAGES).logits.shape[-2:] == size
