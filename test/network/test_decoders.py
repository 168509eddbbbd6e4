# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every network: sizes, cost, gradients, and that inference folds it without a change."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from support.networks import every_network
from uncd_ros.errors import ConfigError
from uncd_ros.network.layers import fuse_batch_norms
from uncd_ros.network.student import Student, StudentConfig


def _student(decoder: str, encoder: str, **changes: object) -> Student:
    torch.manual_seed(0)
    sizes = {'width': 0.25, 'decoder_channels': 16, 'input_height': 45, 'input_width': 67}
    return Student(StudentConfig(num_classes=7, decoder=decoder, encoder=encoder, **(sizes | changes)))


def _gmac(**network: object) -> float:
    student = Student(StudentConfig(**network)).eval()
    x = torch.zeros(1, 3, *student.config.input_size)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        student(x)
    return float(counter.get_total_flops()) / 2e9


@every_network
@pytest.mark.parametrize(('height', 'width'), [(45, 67), (17, 32)])
def test_maps_have_the_input_size_even_where_no_stride_divides_it(
    decoder: str, encoder: str, height: int, width: int
) -> None:
    with torch.no_grad():
        output = _student(decoder, encoder).eval()(torch.randn(2, 3, height, width))
    assert output.logits.shape == output.std.shape == (2, 7, height, width)
    assert output.auxiliary is None


@every_network
def test_every_parameter_learns(decoder: str, encoder: str) -> None:
    student = _student(decoder, encoder)
    output = student(torch.randn(2, 3, 48, 64))
    (output.logits.square().mean() + output.std.square().mean()).backward()
    assert not [name for name, value in student.named_parameters() if value.grad is None or not value.grad.any()]


@every_network
def test_folding_batch_norms_changes_no_map(decoder: str, encoder: str) -> None:
    student = _student(decoder, encoder)
    x = torch.randn(4, 3, 45, 67)
    student(x)  # running statistics that are not the initial 0 and 1
    student.eval()
    with torch.no_grad():
        before = student(x)
        fuse_batch_norms(student)
        after = student(x)
    for name in ('logits', 'std', 'features'):
        torch.testing.assert_close(getattr(after, name), getattr(before, name), rtol=1e-3, atol=1e-4, msg=name)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in student.modules())


STREETS = {'num_classes': 11, 'decoder_channels': 128}


def test_a_pyramid_sees_a_larger_image_at_the_cost_of_the_concatenation() -> None:
    assert _gmac(decoder='deeplab', **STREETS) == pytest.approx(3.128, abs=1e-3)
    assert _gmac(decoder='fpn', **STREETS) == pytest.approx(1.821, abs=1e-3)
    assert _gmac(decoder='fpn', input_height=480, input_width=640, **STREETS) == pytest.approx(3.173, abs=1e-3)


VESSELS = {'num_classes': 2, 'encoder': 'little_unet', 'decoder_channels': 8, 'input_height': 512, 'input_width': 512}


@pytest.mark.parametrize(('decoder', 'parameters', 'gmac'), [('unet', 32_068, 2.072), ('wnet', 63_942, 4.110)])
def test_a_vessel_network_is_under_a_hundred_thousand_parameters(decoder: str, parameters: int, gmac: float) -> None:
    student = Student(StudentConfig(decoder=decoder, **VESSELS))
    assert sum(value.numel() for value in student.parameters()) == parameters < 100_000
    assert _gmac(decoder=decoder, **VESSELS) == pytest.approx(gmac, abs=1e-3)


def test_in_training_the_first_of_two_nets_answers_too_and_learns_from_that_alone() -> None:
    student = _student('wnet', 'little_unet')
    auxiliary = student(torch.randn(2, 3, 48, 64)).auxiliary
    assert auxiliary.shape == (2, 7, 48, 64)
    auxiliary.square().mean().backward()
    taught = {name for name, value in student.named_parameters() if value.grad is not None}
    assert taught == {name for name, _ in student.named_parameters() if name.startswith('trunk.first')}


def test_the_second_of_two_nets_sees_what_the_first_predicts() -> None:
    student, x = _student('wnet', 'little_unet').eval(), torch.randn(1, 3, 48, 64)
    with torch.no_grad():
        before = student(x).logits
        student.trunk.first_head.bias[0] += 5.0
        after = student(x).logits
    assert not torch.allclose(before, after)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'decoder': 'x'}, r"student\.decoder is 'x', expected one of deeplab, fpn, unet, wnet"),
        ({'encoder': 'x'}, r"student\.encoder is 'x', expected one of .*resnet18 with decoder deeplab"),
        ({'encoder': 'little_unet'}, r"student\.encoder is 'little_unet', expected one of mobilenet_v2, .* deeplab"),
        (
            {'decoder': 'wnet'},
            r"student\.encoder is 'efficientnet_lite0', expected one of little_unet with decoder wnet",
        ),
    ],
)
def test_networks_that_do_not_exist_are_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        StudentConfig(num_classes=2, **changes)
