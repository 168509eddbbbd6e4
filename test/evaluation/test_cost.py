# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bill: the plain net is the student's other half, and times are those of what ran."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from uncd_ros.evaluation.cost import ROUNDS, PlainNet, interleaved, measure_cost
from uncd_ros.model.inference import for_inference
from uncd_ros.model.store import load_model
from uncd_ros.network.deeplab import Trunk


def test_the_plain_net_gives_the_student_s_logits(tiny_model: Path) -> None:
    student = load_model(tiny_model).student
    x = torch.randn(1, 3, 48, 64)
    with torch.no_grad():
        folded = for_inference(student)
        torch.testing.assert_close(PlainNet(folded)(x), student(x).logits, rtol=1e-3, atol=1e-4)


def test_passes_take_turns_and_the_first_turn_is_not_timed() -> None:
    turns: list[str] = []
    times = interleaved({'a': lambda: turns.append('a'), 'b': lambda: turns.append('b')}, torch.device('cpu'))
    assert turns == ['a', 'b'] * (ROUNDS + 1)
    assert {name: len(each) for name, each in times.items()} == {'a': ROUNDS, 'b': ROUNDS}


def test_ratios_are_medians_of_the_ratios_of_one_turn(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The clock of the passes is replaced: what is tested is the arithmetic, not the machine.
    turns = {'student': [2.0, 40.0, 3.0], 'plain': [1.0, 10.0, 2.0], 'members': [8.0, 90.0, 14.0]}
    monkeypatch.setattr('uncd_ros.evaluation.cost.interleaved', lambda *_: turns)
    stored = load_model(tiny_model)
    cost = measure_cost(stored.student, stored.card)
    assert (cost.student_ms, cost.plain_ms, cost.members_ms) == (3.0, 2.0, 14.0)
    assert cost.student_over_plain == 2.0  # of 2, 4 and 1.5
    assert cost.members_over_plain == 8.0  # of 8, 9 and 7


def test_an_ensemble_costs_a_pass_of_each_member(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = load_model(tiny_model)
    card = replace(stored.card, provenance=replace(stored.card.provenance, seeds=tuple(range(8))))
    passes = {'student': 0, 'plain': 0, 'members': 0}

    def count_passes(runs: Mapping[str, Callable[[], object]], _device: torch.device) -> dict[str, list[float]]:
        for name, run in runs.items():
            calls: list[None] = []
            hook = nn.modules.module.register_module_forward_hook(
                lambda module, *_, calls=calls: calls.append(None) if isinstance(module, Trunk) else None
            )
            run()
            hook.remove()
            passes[name] = len(calls)
        return {name: [1.0] for name in runs}

    monkeypatch.setattr('uncd_ros.evaluation.cost.interleaved', count_passes)
    assert measure_cost(stored.student, card).members == 8
    assert passes['plain'] == 1 and passes['members'] == 8
