# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pass of the student, in torch, beside dearer ways to an uncertainty, after checking that its parts agree.

A plain network is the student without its uncertainty head. Members are plain networks one after another, and MC
dropout is passes of one with dropout before its head; mean and spread of their probabilities would come on top.
"""

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.section import Bench, Section, key, median_ratio, p50_p99
from uncd_ros.evaluation.cost import PlainNet, interleaved
from uncd_ros.model.inference import for_inference, infer
from uncd_ros.model.store import load_model
from uncd_ros.network.student import Student, upsample

CPU = torch.device('cpu')


@torch.inference_mode()
def measure(bench: Bench) -> Section:
    model = load_model(bench.model)
    student, config = for_inference(model.student), model.card.student
    x = torch.randn(1, 3, *config.input_size).contiguous(memory_format=torch.channels_last)
    check(model.student, student, x)
    plain, dropout = PlainNet(student), DropoutNet(student)
    quick = {
        'student': lambda: infer(student, model.card, x),
        'plain network': lambda: plain(x).max(dim=1),
        '5 members': lambda: [plain(x).max(dim=1) for _ in range(5)],
    }
    slow = {
        'student': quick['student'],
        '25 members': lambda: [plain(x).max(dim=1) for _ in range(25)],
        'MC dropout of 25 passes': lambda: [dropout(x).max(dim=1) for _ in range(25)],
    }
    times = interleaved(quick, CPU, rounds=8 if bench.short else 30)
    slow_times = interleaved(slow, CPU, rounds=2 if bench.short else 8)
    ratios = {'student_over_plain': median_ratio(times['student'], times['plain network'])}
    for name, of_student in (('5 members', times), ('25 members', slow_times), ('MC dropout of 25 passes', slow_times)):
        ratios[f'{key(name)}_over_student'] = median_ratio(of_student[name], of_student['student'])
    return Section(rows={name: p50_p99(each) for name, each in (slow_times | times).items()}, ratios=ratios)


class DropoutNet(PlainNet):
    """A plain network that drops a tenth of the features before its head."""

    def forward(self, x: Tensor) -> Tensor:
        fine = functional.dropout(self.student.trunk(x).fine, 0.1)
        return upsample(self.student.prediction_head(fine), x.shape[-2:])


def check(student: Student, folded: Student, x: Tensor) -> None:
    """Folding batch norms, and leaving a head out, must not change what is computed."""
    expected = student(x)
    torch.testing.assert_close(folded(x).logits, expected.logits, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(PlainNet(folded)(x), expected.logits, rtol=1e-3, atol=1e-3)
    mean = folded(x, std='mean', features=False).std
    torch.testing.assert_close(mean, expected.std.mean(dim=1, keepdim=True), rtol=1e-3, atol=1e-4)
