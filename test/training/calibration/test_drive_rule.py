# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A threshold of one drive: by hand, in each of its parts, and what it may promise."""

import numpy as np
import pytest

from support.series import autoregressive
from training.calibration.drive_rule import BLOCKS, FEWEST, check_length, drive_rule, select_drive_score
from uncd_ros.errors import ConfigError


def _seconds(count: int) -> list[float]:
    return [i / 10 for i in range(count)]


def test_the_strictest_block_sets_the_threshold_of_any_rate() -> None:
    blocks = [np.arange(20.0) + 100 * number for number in (2, 0, 4, 1, 3)]
    found = drive_rule(np.concatenate(blocks).tolist(), _seconds(100), rate=0.25)
    # Of the block that begins at 400: the 16th of 20 scores, k = ceil(21 * 0.75).
    assert found.ood.threshold() == 415.0 and found.ood.threshold(0.5) == 410.0
    # Left out, that block is compared with the one that begins at 300; all others stay below.
    assert [block.above for block in found.blocks] == [0.0, 0.0, 1.0, 0.0, 0.0]
    assert found.observed == pytest.approx(0.2)
    assert [(block.start, block.end, block.images) for block in found.blocks][1] == (2.0, 3.9, 20)
    assert found.blocks[2].highest == 419.0 and found.blocks[0].median == 209.5


@pytest.mark.parametrize('count', [FEWEST, 101, 347, 1044])
def test_each_block_keeps_the_rate(count: int) -> None:
    scores = np.random.default_rng(count).normal(size=count) + np.linspace(0.0, 2.0, count)
    for rate in (0.01, 0.1, 0.5):
        threshold = drive_rule(scores.tolist(), _seconds(count), rate).ood.threshold()
        assert all((block > threshold).mean() <= rate for block in np.array_split(scores, BLOCKS))


def test_a_short_drive_says_what_comes_next() -> None:
    """Slow changes and noise on them: of images worth some 20, no rank is rare enough for 1 %, but their spread is."""
    rng = np.random.default_rng(0)
    above, above_highest = [], []
    for _ in range(60):
        scores = autoregressive(rng, 1044, 0.98) + 0.5 * rng.normal(size=1044)
        known, later = scores[:522], scores[522:]
        rule = drive_rule(known.tolist(), _seconds(522), rate=0.01)
        assert not rule.ood.guaranteed(0.01)
        above.append((later > rule.ood.threshold()).mean())
        above_highest.append((later > known.max()).mean())
    assert np.mean(above) < 0.01 < np.mean(above_highest)


def test_low_rates_have_thresholds_of_their_own() -> None:
    rule = drive_rule(np.random.default_rng(0).normal(size=200).tolist(), _seconds(200), rate=0.01)
    thresholds = [rule.ood.threshold(rate) for rate in (0.05, 0.02, 0.01, 0.005, 0.001)]
    assert thresholds == sorted(set(thresholds))


def test_images_that_are_alike_promise_little() -> None:
    noise = np.random.default_rng(0).normal(size=2000)
    slow = np.repeat(noise[:100], 20)
    many, few = (drive_rule(scores.tolist(), _seconds(2000), rate=0.01) for scores in (noise, slow))
    assert many.ood.effective_n > 200 and many.ood.guaranteed(0.01) and many.lowest_rate < 0.01
    assert few.ood.effective_n < 99 and not few.ood.guaranteed(0.01)
    assert few.needed == 99 and few.ood.guaranteed(few.lowest_rate) and not few.ood.guaranteed(0.9 * few.lowest_rate)
    assert few.ci95[1] - few.ci95[0] > many.ci95[1] - many.ci95[0]


def test_a_few_images_are_refused() -> None:
    with pytest.raises(ConfigError, match=f'the drive has {FEWEST - 1} images that can be used, expected {FEWEST}'):
        check_length(_seconds(FEWEST - 1))


def test_the_score_that_finds_the_shifts_is_served() -> None:
    generator = np.random.default_rng(0)
    nominal = {name: generator.normal(size=100) for name in ('energy', 'mahalanobis')}
    rules = {name: drive_rule(scores.tolist(), _seconds(100), rate=0.01) for name, scores in nominal.items()}
    fog = {'energy': generator.normal(size=30), 'mahalanobis': generator.normal(size=30) + 9.0}
    score, selection = select_drive_score(rules, nominal, {'fog': fog})
    assert score == 'mahalanobis' and selection.figures['mahalanobis']['detected'] == 1.0
    assert selection.figures['energy']['fog'] < 0.7
