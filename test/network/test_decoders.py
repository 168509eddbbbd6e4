# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoders: sizes, cost, gradients, and networks that inference folds without a change."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from uncd_ros.errors import ConfigError
from uncd_ros.network.decoders import DECODERS
from uncd_ros.network.layers import fuse_batch_norms
from uncd_ros.network.student import Student, StudentConfig


def _student(decoder: str, **changes: object) -> Student:
    torch.manual_seed(0)
    sizes = {'encoder': 'mobilenet_v2', 'width': 0.25, 'decoder_channels': 16, 'input_height': 45, 'input_width': 67}
    return Student(StudentConfig(num_classes=7, decoder=decoder, **(sizes | changes)))


@pytest.mark.parametrize('decoder', DECODERS)
@pytest.mark.parametrize(('height', 'width'), [(48, 64), (45, 67), (17, 33)])
def test_maps_have_the_input_size_even_where_16_does_not_divide_it(decoder: str, height: int, width: int) -> None:
    with torch.no_grad():
        output = _student(decoder).eval()(torch.randn(2, 3, height, width))
    assert output.logits.shape == output.std.shape == (2, 7, height, width)


@pytest.mark.parametrize('decoder', DECODERS)
def test_every_parameter_learns(decoder: str) -> None:
    student = _student(decoder)
    output = student(torch.randn(2, 3, 48, 64))
    (output.logits.square().mean() + output.std.square().mean()).backward()
    assert not [name for name, value in student.named_parameters() if value.grad is None or not value.grad.any()]


@pytest.mark.parametrize('decoder', DECODERS)
def test_folding_batch_norms_changes_no_map(decoder: str) -> None:
    student = _student(decoder)
    x = torch.randn(4, 3, 45, 67)
    student(x)  # running statistics that are not the initial 0 and 1
    student.eval()
    with torch.no_grad():
        before = student(x)
        fuse_batch_norms(student)
        after = student(x)
    for name, expected, value in zip(before._fields, before, after, strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-3, atol=1e-4, msg=name)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in student.modules())


def test_a_pyramid_costs_what_the_concatenation_does() -> None:
    gmac = {}
    for decoder in DECODERS:
        student = Student(StudentConfig(num_classes=11, decoder=decoder, decoder_channels=128)).eval()
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            student(torch.zeros(1, 3, 360, 480))
        gmac[decoder] = counter.get_total_flops() / 2e9
    assert gmac == {'deeplab': pytest.approx(3.128, abs=1e-3), 'fpn': pytest.approx(3.068, abs=1e-3)}


def test_an_unknown_decoder_is_named() -> None:
    with pytest.raises(ConfigError, match=r"student\.decoder is 'unknown', expected one of deeplab, fpn"):
        StudentConfig(num_classes=2, decoder='unknown')
