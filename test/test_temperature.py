# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temperature scaling finds the temperature that was put in."""

import numpy as np
import pytest
import torch

from temperature import fit_temperature
from uncd_ros.evaluation.records import LabelledFrame
from uncd_ros.student import StudentOutput


@pytest.mark.parametrize('temperature', [0.5, 1.0, 3.0])
def test_labels_drawn_from_the_softmax_at_a_temperature(temperature: float) -> None:
    torch.manual_seed(0)
    logits = 3.0 * torch.randn(4, 120, 160)
    labels = torch.distributions.Categorical(logits=(logits / temperature).permute(1, 2, 0)).sample().byte()
    labels[:20] = 255
    frame = LabelledFrame(image=np.zeros((120, 160, 3), np.uint8), labels=labels.numpy(), name='a', sequence='a')
    found = fit_temperature(lambda _: StudentOutput(logits=logits[None], std=logits[None]), [frame])
    assert found == pytest.approx(temperature, rel=0.1)
