# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bill: the plain net is the student's other half, and times are those of what ran."""

import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

from uncd_ros.evaluation.cost import ROUNDS, PlainNet, interleaved, measure_cost
from uncd_ros.model.predictor import for_inference
from uncd_ros.model.store import load_model


def test_the_plain_net_gives_the_student_s_logits(tiny_model: Path) -> None:
    student = load_model(tiny_model).student
    x = torch.randn(1, 3, 48, 64)
    with torch.no_grad():
        folded = for_inference(student)
        torch.testing.assert_close(PlainNet(folded)(x), student(x).logits, rtol=1e-3, atol=1e-4)


def test_times_are_of_turns_without_the_first() -> None:
    turns: list[str] = []

    def run(name: str, seconds: float) -> None:
        time.sleep(0.2 if name not in turns else seconds)  # the first is slow
        turns.append(name)

    found = interleaved({'a': lambda: run('a', 0.002), 'b': lambda: run('b', 0.01)}, torch.device('cpu'))
    assert turns[:4] == ['a', 'b', 'a', 'b']
    assert len(found['a']) == ROUNDS and max(found['a']) < 200  # the first is not counted
    assert 2 <= median(found['a']) < median(found['b'])


def test_an_ensemble_costs_its_members(tiny_model: Path) -> None:
    stored = load_model(tiny_model)
    card = replace(stored.card, provenance=replace(stored.card.provenance, seeds=tuple(range(8))))
    found = measure_cost(stored.student, card)
    assert found.members == 8
    assert found.student_ms > 0 and found.student_over_plain > 0
    assert found.members_ms > found.plain_ms and found.members_over_plain > 3
