# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An ensemble with the output of a student, so that the same metrics evaluate both."""

import torch
from torch import Tensor

from training.teaching.teacher import Teacher
from uncd_ros.evaluation.pixel_metrics import Network
from uncd_ros.network.student import StudentOutput


def ensemble_network(teacher: Teacher) -> Network:
    """An ensemble: log M as logits, S as std.

    Networks that are sampled anew in each pass are sampled alike for every image, whatever was drawn before.
    """
    member = teacher.members[0]
    device = next(member.parameters()).device

    def network(images: Tensor) -> StudentOutput:
        x = member.normalise(member.normalise.resize(images.to(device)))
        with torch.random.fork_rng([device] if device.type == 'cuda' else []):
            torch.manual_seed(0)
            stats = teacher(x)
        return StudentOutput(logits=stats.mean.clamp(min=1e-12).log(), std=stats.std)

    return network
