# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Choices: the best by the figures, a tie by the rule that is written down, and a reason for each."""

import pytest

from training.calibration.assessment import Assessment
from training.calibration.selection import select_image_score, select_uncertainty


def _assessment(auroc: dict[str, float], aurc: dict[str, float]) -> Assessment:
    return Assessment(miou=0.5, iou=[0.5], ece=0.1, error_auroc=auroc, error_aurc=aurc)


def test_the_uncertainty_that_finds_errors_best_is_served() -> None:
    auroc, aurc = {'mean_std': 0.6, 'predicted_std': 0.8, 'entropy': 0.7}, dict.fromkeys(('mean_std', 'entropy'), 0.1)
    chosen, choice = select_uncertainty(_assessment(auroc, aurc | {'predicted_std': 0.2}))
    assert chosen == 'predicted_std'
    assert choice.figures['entropy'] == {'error_auroc': 0.7, 'aurc': 0.1}
    for fact in ('predicted_std', '0.800', 'mean_std 0.600', 'entropy 0.700'):
        assert fact in choice.reason


def test_among_level_aurocs_the_risk_decides() -> None:
    auroc = {'mean_std': 0.800, 'predicted_std': 0.700, 'entropy': 0.803}
    chosen, choice = select_uncertainty(_assessment(auroc, {'mean_std': 0.10, 'predicted_std': 0.01, 'entropy': 0.11}))
    assert chosen == 'mean_std' and 'smallest area under the risk-coverage curve' in choice.reason


def test_without_a_wrong_pixel_all_are_level() -> None:
    nothing = {'mean_std': float('nan'), 'entropy': float('nan')}
    assert select_uncertainty(_assessment(nothing, {'mean_std': 0.0, 'entropy': 0.0}))[0] == 'mean_std'


SHIFTED = {'mean': {'fog': 0.9, 'dark': 0.9}, 'energy': {'fog': 0.8, 'dark': 1.0}, 'far': {'fog': 1.0, 'dark': 0.8}}


def test_the_score_with_the_best_mean_is_served() -> None:
    better = SHIFTED | {'far': {'fog': 1.0, 'dark': 0.82}}
    chosen, choice = select_image_score(better, {'mean': 0.9, 'energy': 0.9, 'far': 0.5})
    assert chosen == 'far'
    assert choice.figures['far'] == pytest.approx({'fog': 1.0, 'dark': 0.82, 'mean': 0.91, 'detected': 0.5})
    for fact in ('far', 'fog, dark', '0.910', '50%'):
        assert fact in choice.reason


def test_among_level_scores_the_flag_decides_and_then_the_plainest() -> None:
    level = SHIFTED | {'far': {'fog': 1.0, 'dark': 0.808}}
    assert select_image_score(level, {'mean': 0.3, 'energy': 0.5, 'far': 0.4})[0] == 'energy'
    chosen, choice = select_image_score(level, dict.fromkeys(level, 0.5))
    assert chosen == 'mean' and 'none detects more' in choice.reason
