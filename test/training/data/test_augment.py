# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation keeps image and labels in step."""

import pytest
import torch

from training.data.augment import CALIBRATION_SHIFTS, Augment, CutMix


def test_labels_follow_the_image_and_stay_ids() -> None:
    torch.manual_seed(0)
    labels = torch.zeros(8, 60, 80, dtype=torch.uint8)
    labels[:, 20:, 30:] = 7
    labels[:, :10] = 255
    images = labels[:, None].expand(-1, 3, -1, -1)
    views, ids = Augment((30, 40), (0.3, 1.0), jitter=0.0)(images, labels)
    assert views.shape == (8, 3, 30, 40) and ids.shape == (8, 30, 40)
    assert set(ids.unique().tolist()) == {0, 7, 255}
    # The image shows its own labels: away from borders, where it is interpolated, both agree.
    same = (views[:, 0] - ids.float()).abs() < 1.0
    assert same.float().mean() > 0.9


def test_the_same_seed_gives_the_same_view_and_another_does_not() -> None:
    images = torch.randint(0, 256, (2, 3, 60, 80), dtype=torch.uint8)
    labels = torch.zeros(2, 60, 80, dtype=torch.uint8)
    augment = Augment((30, 40), (0.3, 1.0), jitter=0.3)
    views = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        views.append(augment(images, labels)[0])
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])


@pytest.mark.parametrize('name', CALIBRATION_SHIFTS)
def test_shifts_keep_shape_and_range_and_change_the_image(name: str) -> None:
    torch.manual_seed(0)
    images = torch.rand(1, 3, 40, 50) * 255
    shifted = CALIBRATION_SHIFTS[name](images)
    assert shifted.shape == images.shape
    assert 0.0 <= shifted.min() and shifted.max() <= 255.0
    assert (shifted - images).abs().mean() > 10.0


def _plain_images() -> tuple[torch.Tensor, torch.Tensor]:
    """Four images of one colour each, which is also their label; the last is unlabelled."""
    labels = torch.tensor([0, 1, 2, 254])[:, None, None].expand(4, 40, 60)
    return labels[:, None].expand(-1, 3, -1, -1).float(), labels


def test_a_pasted_region_brings_its_labels() -> None:
    torch.manual_seed(0)
    images, labels = _plain_images()
    views, ids = CutMix(1.0)(images, labels)
    assert views.shape == images.shape and ids.shape == labels.shape and ids.dtype == torch.int64
    assert torch.equal(views, ids[:, None].expand(-1, 3, -1, -1).float())
    changed = ids != labels
    assert 0.0 < changed.float().mean() < 1.0
    # What is pasted is a rectangle.
    for mask in changed:
        rows, columns = mask.any(1), mask.any(0)
        assert torch.equal(mask, rows[:, None] & columns)


def test_cutmix_with_probability_zero_changes_nothing_and_draws_nothing() -> None:
    images, labels = _plain_images()
    torch.manual_seed(0)
    views, ids = CutMix(0.0)(images, labels)
    assert torch.equal(views, images) and torch.equal(ids, labels)
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))


def test_cutmix_happens_as_often_as_it_is_told() -> None:
    torch.manual_seed(0)
    images, labels = _plain_images()
    cutmix = CutMix(0.3)
    mixed = sum(not torch.equal(cutmix(images, labels)[1], labels) for _ in range(200))
    assert 30 <= mixed <= 80
