# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student: shapes, ranges, and its own normalisation."""

import pytest
import torch

from uncd_ros.network.student import MahalanobisFeatures, Student, StudentConfig


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


def test_the_mean_of_the_std_is_that_of_all_its_maps_and_less_may_be_asked_for() -> None:
    student, x = _student(), torch.randn(2, 3, 48, 64)
    with torch.no_grad():
        whole, mean, none = student(x), student(x, std='mean'), student(x, std='none', features=False)
    torch.testing.assert_close(mean.std, whole.std.mean(dim=1, keepdim=True))
    assert none.std.shape == (2, 0, 48, 64) and none.features is None
    assert torch.equal(whole.logits, none.logits)


def test_whitened_features_have_the_mahalanobis_distance() -> None:
    torch.manual_seed(0)
    mahalanobis = MahalanobisFeatures(3)
    factor = torch.randn(3, 3, dtype=torch.float64)
    covariance = factor @ factor.T + torch.eye(3)
    mahalanobis.mean.copy_(torch.tensor([1.0, 2.0, 3.0]))
    mahalanobis.whitening.copy_(torch.linalg.cholesky(torch.linalg.inv(covariance)))
    features = torch.randn(4, 3, 5, 6)
    off = features.mean(dim=(2, 3)).double() - mahalanobis.mean
    expected = torch.einsum('bi,ij,bj->b', off, torch.linalg.inv(covariance), off).sqrt()
    torch.testing.assert_close(mahalanobis(features).norm(dim=1), expected.float(), rtol=1e-4, atol=1e-5)


def test_a_training_checkpoint_holds_no_mahalanobis_tensors() -> None:
    assert not [name for name in _student().state_dict() if 'mahalanobis' in name]
