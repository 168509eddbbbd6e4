# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An engine's threshold from torch's calibration scores raises as many false alarms as torch's own."""

import numpy as np
import pytest
from numpy.typing import NDArray

from uncd_ros.export.carry_over import PAIRS_MIN, SCATTER_MAX, carry_over, window
from uncd_ros.model.engine_parity import score_spread
from uncd_ros.monitor.ood_rule import OodRule

Scores = NDArray[np.float64]


def rule_of(scores: Scores) -> OodRule:
    return OodRule(calibration_scores=tuple(np.sort(scores).tolist()), effective_n=len(scores), false_alarm_rate=0.05)


def paired(of_torch: Scores, of_engine: Scores) -> list[tuple[float, float]]:
    return list(zip(of_torch.tolist(), of_engine.tolist(), strict=True))


def test_new_images_pass_the_threshold_as_often_as_with_torch() -> None:
    rng = np.random.default_rng(0)

    def engine(scores: Scores) -> Scores:
        """As an 8-bit engine may: another scale, another place, and some scatter."""
        return 0.8 * scores - 2.0 + rng.normal(0.0, 0.15, len(scores))

    # Windows are odder than calibration frames; those beyond the range do not count.
    windows, calibration, new = rng.normal(1.0, 2.0, 300), rng.normal(0.0, 1.0, 2000), rng.normal(0.0, 1.0, 20000)
    rule = rule_of(calibration)
    found = carry_over(rule, paired(windows, engine(windows) + np.maximum(windows - 4.0, 0.0)))
    assert not isinstance(found, str)
    assert PAIRS_MIN < found.pairs < 300
    assert found.slope == pytest.approx(0.8, abs=0.05) and found.scatter == pytest.approx(0.15, abs=0.03)
    assert (found.ood.effective_n, found.ood.false_alarm_rate) == (2000, 0.05)
    assert np.mean(new > rule.threshold()) == pytest.approx(0.05, abs=0.01)
    assert np.mean(engine(new) > found.ood.threshold()) == pytest.approx(0.05, abs=0.01)


def test_the_same_scores_are_kept() -> None:
    scores = np.linspace(0.0, 1.0, 100)
    found = carry_over(rule_of(scores), paired(scores, scores))
    assert not isinstance(found, str)
    np.testing.assert_allclose(found.ood.calibration_scores, scores, atol=1e-9)


def test_scores_that_go_their_own_way_are_refused() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=100)
    reason = carry_over(rule_of(scores), paired(scores, rng.normal(size=100)))
    assert isinstance(reason, str) and reason.startswith('its image scores do not follow those of torch')
    assert f'and {SCATTER_MAX * score_spread(rule_of(scores)):.2g} at most' in reason
    assert isinstance(carry_over(rule_of(scores), paired(scores, -scores)), str)


def test_few_images_in_the_range_are_refused() -> None:
    scores = np.linspace(0.0, 1.0, PAIRS_MIN - 1)
    reason = carry_over(rule_of(scores), [*paired(scores, scores), (2.0, 2.0), (-1.0, -1.0)])
    assert isinstance(reason, str) and reason.startswith('49 windows of frames have scores in the range')
    assert isinstance(carry_over(rule_of(scores), []), str)


@pytest.mark.parametrize('size', [(360, 480), (1, 1), (3, 7)])
def test_a_window_has_the_size_of_the_image_and_shows_a_part_of_it(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(50, 200, (*size, 3), np.uint8)
    views = [window(image, seed) for seed in range(20)]
    assert all(each.shape == image.shape and each.dtype == np.uint8 for each in views)
    assert all(each.min() >= image.min() and each.max() <= image.max() for each in views)
    np.testing.assert_array_equal(views[0], window(image, 0))
    assert size != (360, 480) or not np.array_equal(views[0], views[1])
