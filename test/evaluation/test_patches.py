# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patches counted by hand."""

import math

import pytest
import torch

from uncd_ros.evaluation.patches import PatchMetrics

# Four patches of 2 x 2; those at the top are mostly correct, those on the right uncertain.
WRONG = torch.tensor([[0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0]]).bool()
UNCERTAINTY = torch.tensor([[0.1, 0.1, 0.8, 0.8], [0.1, 0.1, 0.8, 0.8], [0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 0.5, 1.0]])


def _metrics(valid: torch.Tensor) -> PatchMetrics:
    metrics = PatchMetrics()
    metrics.update(UNCERTAINTY[valid], WRONG[valid], valid)
    return metrics


def test_patches_by_hand() -> None:
    found = _metrics(torch.ones(4, 4, dtype=torch.bool)).confidence(0.4)
    # One each: accurate and certain, accurate and uncertain, inaccurate and certain, inaccurate (half) and uncertain.
    assert found.p_accurate_certain == found.p_uncertain_inaccurate == found.pavpu == 0.5
    assert _metrics(torch.ones(4, 4, dtype=torch.bool)).confidence(0.9).pavpu == 0.5


def test_pixels_to_ignore_are_no_part_of_a_patch() -> None:
    valid = torch.ones(4, 4, dtype=torch.bool)
    valid[2:, :2] = False  # a patch that is gone
    valid[2:, 2] = False  # half a patch, the wrong one: what is left is accurate, and more uncertain
    found = _metrics(valid).confidence(0.9)
    assert found.p_accurate_certain == 1.0 and math.isnan(found.p_uncertain_inaccurate)
    assert found.pavpu == pytest.approx(2 / 3)


def test_a_border_that_is_no_patch_is_left_out() -> None:
    metrics = PatchMetrics()
    valid = torch.ones(3, 5, dtype=torch.bool)
    metrics.update(torch.zeros(15), torch.zeros(15, dtype=torch.bool), valid)
    assert int(metrics.ranking.counts.sum()) == 2
    metrics.update(torch.zeros(4), torch.zeros(4, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool))
    assert int(metrics.ranking.counts.sum()) == 2
