# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The members' loss: cross-entropy, and Dice in closed form."""

import pytest
import torch

from training.members.loss import cross_entropy, dice_loss, label_loss
from training.members.member import MemberOutput

SURE = 200.0
"""A logit whose softmax is 1 to the last bit."""


def _logits(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Certain of these labels."""
    return SURE * torch.nn.functional.one_hot(labels, classes).permute(0, 3, 1, 2).float()


def test_perfect_labels_cost_nothing_and_wrong_ones_everything() -> None:
    labels = torch.tensor([[[0, 1, 2, 2]]])
    assert float(dice_loss(_logits(labels, 4), labels)) == 0.0
    assert float(dice_loss(_logits((labels + 1) % 3, 4), labels)) == 1.0


def test_one_class_by_hand() -> None:
    # One pixel of each class, p = (0.8, 0.2) and (0.4, 0.6): the overlap is 2 p_c / (sum p_c^2 + 1).
    p = torch.tensor([[0.8, 0.2], [0.4, 0.6]])
    expected = 1.0 - (2 * 0.8 / (0.64 + 0.16 + 1) + 2 * 0.6 / (0.04 + 0.36 + 1)) / 2
    loss = dice_loss(p.log().T.reshape(1, 2, 1, 2), torch.tensor([[[0, 1]]]))
    assert float(loss) == pytest.approx(expected)


def test_it_is_what_the_sums_of_the_paper_give() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(3, 5, 6, 7), torch.randint(0, 4, (3, 6, 7))
    labels[0, :3] = 255
    p, valid = logits.softmax(dim=1), labels != 255
    overlaps = []
    for c in range(4):  # class 4 is nowhere
        pixels, g = p[:, c][valid], (labels == c)[valid].float()
        overlaps.append(2 * (pixels * g).sum() / (pixels.square().sum() + g.square().sum()))
    torch.testing.assert_close(dice_loss(logits, labels), 1 - torch.stack(overlaps).mean())


def test_pixels_to_ignore_change_nothing_and_get_no_gradient() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 4, 4))
    labels[:, 0] = 255
    other = logits.clone()
    other[:, :, 0] = torch.randn(2, 3, 4)
    torch.testing.assert_close(dice_loss(other, labels), dice_loss(logits, labels))
    logits.requires_grad_()
    dice_loss(logits, labels).backward()
    assert logits.grad is not None and not logits.grad[:, :, 0].any() and logits.grad[:, :, 1:].all()


def test_nothing_valid_teaches_nothing() -> None:
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    loss = label_loss(MemberOutput(logits), torch.full((1, 2, 2), 255), dice=1.0)
    loss.backward()
    assert loss.item() == 0.0 and not logits.grad.any()


def test_its_gradient_is_that_of_finite_differences() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(1, 3, 2, 3, dtype=torch.float64, requires_grad=True), torch.randint(0, 3, (1, 2, 3))
    labels[0, 0, 0] = 255
    assert torch.autograd.gradcheck(lambda x: dice_loss(x, labels), logits)


def test_the_sum_has_the_weights_that_are_asked_for() -> None:
    torch.manual_seed(0)
    logits, labels, weights = torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 4, 4)), torch.tensor([0.5, 1.0, 2.0])
    alone = cross_entropy(logits, labels, weights)
    assert torch.equal(label_loss(MemberOutput(logits), labels, weights), alone)
    both = label_loss(MemberOutput(logits), labels, weights, 0.7)
    torch.testing.assert_close(both, alone + 0.7 * dice_loss(logits, labels))


def test_of_two_nets_in_a_row_both_are_taught() -> None:
    torch.manual_seed(0)
    first, second, labels = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 4, 4))
    both = label_loss(MemberOutput(second, first), labels, dice=0.5)
    alone = [label_loss(MemberOutput(logits), labels, dice=0.5) for logits in (first, second)]
    torch.testing.assert_close(both, sum(alone))
