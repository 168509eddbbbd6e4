# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temperature scaling finds the temperature that was put in."""

from pathlib import Path

import numpy as np
import pytest
import torch

from training.calibration.temperature import fit_temperature, fold_temperature
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.model.store import load_model
from uncd_ros.network.student import StudentOutput


@pytest.mark.parametrize('temperature', [0.5, 1.0, 3.0])
def test_labels_drawn_from_the_softmax_at_a_temperature(temperature: float) -> None:
    torch.manual_seed(0)
    logits = 3.0 * torch.randn(4, 120, 160)
    labels = torch.distributions.Categorical(logits=(logits / temperature).permute(1, 2, 0)).sample().byte()
    labels[:20] = 255
    frame = LabelledFrame(image=np.zeros((120, 160, 3), np.uint8), labels=labels.numpy(), name='a', sequence='a')
    found = fit_temperature([(lambda _: StudentOutput(logits=logits[None], std=logits[None]), [frame])])
    assert found.value == pytest.approx(temperature, rel=0.06)
    assert found.ece_after < 0.02
    assert (found.ece_before > 0.04) == (temperature != 1.0)


def test_a_folded_temperature_divides_the_logits_and_turns_no_label(tiny_model: Path) -> None:
    student = load_model(tiny_model).student
    x = torch.randn(2, 3, 48, 64)
    with torch.no_grad():
        before = student(x)
        fold_temperature(student, 1.7)
        after = student(x)
    torch.testing.assert_close(after.logits, before.logits / 1.7, rtol=1e-4, atol=1e-6)
    assert torch.equal(after.std, before.std)
    assert (after.labels() == before.labels()).float().mean() > 0.9999


@pytest.mark.parametrize(('right', 'pixels'), [(9, 10), (3, 4)])
def test_two_classes_in_closed_form(right: int, pixels: int) -> None:
    """Logits (a, 0) that are right in a share q of pixels: the likelihood is highest where sigmoid(a / T) = q."""
    logits = torch.zeros(2, 1, 40 * pixels)
    logits[0] = 4.0
    labels = torch.zeros(1, 40 * pixels, dtype=torch.uint8)
    labels[0, : 40 * (pixels - right)] = 1
    frame = LabelledFrame(image=np.zeros((*labels.shape, 3), np.uint8), labels=labels.numpy(), name='a', sequence='a')
    fitted = fit_temperature([(lambda _: StudentOutput(logits=logits[None], std=logits[None]), [frame])])
    assert fitted.value == pytest.approx(4.0 / np.log(right / (pixels - right)), rel=1e-3)
    assert fitted.ece_after < 1e-3 < fitted.ece_before
