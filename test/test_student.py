# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student: shapes, ranges, and its own normalisation."""

import pytest
import torch

from uncd_ros.student import Student, StudentConfig


def _student(**changes: object) -> Student:
    torch.manual_seed(0)
    sizes = {'width': 0.25, 'decoder_channels': 16, 'input_height': 48, 'input_width': 64}
    return Student(StudentConfig(num_classes=7, encoder='mobilenet_v2', **(sizes | changes))).eval()


@pytest.mark.parametrize('head', ['dense', 'separable'])
def test_both_maps_have_the_input_size(head: str) -> None:
    with torch.no_grad():
        output = _student(head=head)(torch.randn(2, 3, 48, 64))
    assert output.logits.shape == output.std.shape == (2, 7, 48, 64)
    assert 0.0 <= output.std.min() and output.std.max() <= 1.0


def test_the_untrained_student_predicts_a_small_std() -> None:
    with torch.no_grad():
        std = _student()(torch.randn(1, 3, 48, 64)).std
    assert std.mean() < 0.1


def test_normalisation_belongs_to_the_network() -> None:
    student = _student(mean=(10.0, 20.0, 30.0), std=(2.0, 4.0, 5.0))
    image = torch.tensor([12, 28, 40], dtype=torch.uint8).expand(1, 48, 64, 3)
    x = student.preprocess(image)
    assert x[0, :, 0, 0].tolist() == [1.0, 2.0, 2.0]


def test_another_size_is_resized_and_means_are_kept() -> None:
    student = _student(mean=(0.0,) * 3, std=(1.0,) * 3)
    image = torch.randint(0, 256, (1, 96, 128, 3), dtype=torch.uint8)
    x = student.preprocess(image)
    assert x.shape == (1, 3, 48, 64)
    torch.testing.assert_close(x.mean(dim=(0, 2, 3)), image.float().mean(dim=(0, 1, 2)), atol=1.0, rtol=0)
