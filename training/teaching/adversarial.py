# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Local adversarial attacks (Besnier et al. 2021, ObsNet): a region in which a network errs, though it looks the same.

Where one member is led astray the others need not follow: there they differ on an image of the very road that they were
trained on, and the student can learn their spread.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.members.member import Member

STEP = 16.0
"""How far a channel of a pixel is moved, of 255."""


class Adversarial:
    """Images, moved one step against what a member predicts; another member for each batch."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members

    def __call__(self, images: Tensor) -> Tensor:
        """(B, 3, h, w) in [0, 255] -> the same: x + STEP sign(d CE(member(x), argmax member(x)) / dx) (FGSM)."""
        member = self.members[int(torch.randint(len(self.members), ()))]
        with torch.enable_grad():
            x = images.detach().requires_grad_()
            logits: Tensor = member(member.normalise(x)).logits
            loss = functional.cross_entropy(logits, logits.detach().argmax(dim=1))
            (gradient,) = torch.autograd.grad(loss, x)
        return (images + STEP * gradient.sign()).clamp(0.0, 255.0)
