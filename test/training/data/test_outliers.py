# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Synthetic outliers: what they cover loses its label, what they do not stays as it is."""

import pytest
import torch
from torch import Tensor

from training.data.outliers import CONTENTS, RADII, Content, SyntheticOutliers, random_shapes, wrong_colours
from training.data.unlabelled import UNLABELLED
from uncd_ros.classes import IGNORE_INDEX


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    images = torch.rand(16, 3, 48, 64) * 255.0
    labels = torch.randint(0, 5, (16, 48, 64))
    labels[:, :10] = IGNORE_INDEX
    return images, labels


def test_an_outlier_changes_the_pixels_that_lose_their_label_and_no_others(batch: tuple[Tensor, Tensor]) -> None:
    images, labels = batch
    seen, left = SyntheticOutliers(1.0, CONTENTS)(images, labels)
    covered = left == UNLABELLED
    assert 0.002 < covered.float().mean() < 0.3
    assert torch.equal(left[~covered], labels[~covered])
    assert (left[:, :10] == IGNORE_INDEX).all()
    inside = covered[:, None].expand_as(images)
    assert (seen - images)[inside].abs().mean() > 20.0
    untouched = (seen == images).all(dim=1)
    at_the_edge = (~untouched & ~covered)[:, 12:]
    assert at_the_edge.float().mean() < 0.05
    assert seen.min() >= 0.0
    assert seen.max() <= 255.0


@pytest.mark.parametrize(('probability', 'share'), [(0.0, 0.0), (0.5, 0.5)])
def test_so_many_images_show_one(batch: tuple[Tensor, Tensor], probability: float, share: float) -> None:
    images, labels = (torch.cat([each] * 16) for each in batch)
    seen, _ = SyntheticOutliers(probability, CONTENTS)(images, labels)
    assert (seen != images).any(dim=(1, 2, 3)).float().mean().item() == pytest.approx(share, abs=0.12)


def test_the_same_seed_shows_the_same(batch: tuple[Tensor, Tensor]) -> None:
    first, second = [(torch.manual_seed(3), SyntheticOutliers(0.7, CONTENTS)(*batch))[1] for _ in range(2)]
    assert all(map(torch.equal, first, second))


def test_shapes_are_as_large_as_they_should_be() -> None:
    torch.manual_seed(0)
    shapes = random_shapes(torch.zeros(200, 3, 64, 64))
    area = shapes.mean(dim=(1, 2))
    smallest, largest = (3.2 * radius**2 for radius in RADII)
    assert area.max() < 2.0 * largest
    assert smallest / 4.0 < area.median() < largest


def test_only_what_is_asked_for_is_shown(batch: tuple[Tensor, Tensor]) -> None:
    images, labels = batch
    seen, left = SyntheticOutliers(1.0, {'colours': wrong_colours})(images, labels)
    inside = (left == UNLABELLED)[:, None].expand_as(images)
    assert torch.isclose(seen, wrong_colours(images), atol=1e-3)[inside].float().mean() > 0.8


@pytest.mark.parametrize('content', CONTENTS.values())
@pytest.mark.parametrize('size', [(48, 64), (33, 31)])
def test_every_content_is_an_image_of_the_same_size(content: Content, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    images = torch.rand(3, 3, *size) * 255.0
    shown = content(images)
    assert shown.shape == images.shape
    assert shown.min() >= 0.0
    assert shown.max() <= 255.0
    assert (shown - images).abs().mean() > 10.0
