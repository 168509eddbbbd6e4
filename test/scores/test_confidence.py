# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The confidence image: a table read at the right place, for any camera image."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from uncd_ros.errors import ConfigError
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.confidence import ConfidenceCurve

CURVE = ConfidenceCurve(
    log_odds=0.5, uncertainty=-2.0, intercept=1.0, low=-4.0, high=4.0, table=tuple(0.12 + i / 10 for i in range(9))
)


def _output(log_odds: list[float]) -> StudentOutput:
    """One row of pixels of three classes whose best one has these log-odds against the other two."""
    top = torch.tensor(log_odds) + math.log(2.0)
    logits = torch.stack([torch.zeros_like(top), top, torch.zeros_like(top)])[None, :, None]
    return StudentOutput(logits=logits, std=torch.zeros_like(logits))


def _confidence(curve: ConfidenceCurve, log_odds: list[float], uncertainty: list[float]) -> list[int]:
    found = curve.confidence(_output(log_odds).others, torch.tensor(uncertainty)[None, None])
    assert found.dtype == torch.uint8 and found.shape == (1, 1, len(log_odds))
    return found[0, 0].tolist()


def test_the_point_nearest_to_z_is_read() -> None:
    # z = 0.5 * 4 - 2 * 0.5 + 1 = 2, point 6 of 9 at steps of 1 from -4: 0.72.
    assert _confidence(CURVE, [4.0, 4.0], [0.5, 0.6]) == [round(255 * 0.72)] * 2
    # What lies beyond the table counts as its ends.
    assert _confidence(CURVE, [60.0, 0.0], [0.0, 9.0]) == [round(255 * 0.92), round(255 * 0.12)]


def test_a_probability_that_rounds_to_one_still_counts_in_full() -> None:
    far = replace(CURVE, log_odds=1.0, low=10.0, high=50.0, uncertainty=0.0, intercept=0.0)
    assert _confidence(far, [20.0, 30.0, 40.0], [0.0] * 3) == [round(255 * p) for p in (0.32, 0.52, 0.72)]


def test_what_is_no_number_is_not_trusted() -> None:
    assert _confidence(CURVE, [4.0], [float('nan')]) == [round(255 * 0.12)]


def test_one_point_says_the_same_of_every_pixel() -> None:
    flat = replace(CURVE, log_odds=0.0, uncertainty=0.0, low=0.0, high=0.0, table=(0.6,))
    assert _confidence(flat, [1.0, 9.0], [0.1, 0.2]) == [153, 153]


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 1)), min_size=2, max_size=2))
def test_it_rises_with_the_probability_and_falls_with_the_uncertainty(pixels: list[tuple[float, float]]) -> None:
    (odds, unsure), (more_odds, less_unsure) = pixels
    low, high = _confidence(CURVE, [min(odds, more_odds), max(odds, more_odds)], [max(unsure, less_unsure)] * 2)
    assert low <= high
    low, high = _confidence(CURVE, [max(odds, more_odds)] * 2, [max(unsure, less_unsure), min(unsure, less_unsure)])
    assert low <= high


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'table': ()}, r'table has 0 points, .* 1 to 256'),
        ({'table': (0.1,) * 300}, r'table has 300 points, .* 1 to 256'),
        ({'table': (0.2, 0.1)}, r'table is not ascending'),
        ({'table': (0.2, 1.1)}, r'table is 1\.1, .* 0 to 1'),
        ({'table': (0.2, float('nan'))}, r'table is nan, .* 0 to 1'),
        ({'low': 4.0}, r'low is 4\.0, .* less than .*4\.0'),
        ({'low': -1e308}, r'low is -1e\+308, .* -1e\+06 to'),
        ({'high': float('inf')}, r'high is inf, .* to 1e\+06'),
        ({'intercept': float('nan')}, r'intercept is nan'),
        ({'uncertainty': 1.0}, r'uncertainty is 1\.0, .* to 0'),
        ({'log_odds': -1.0}, r'log_odds is -1\.0, .* 0 to'),
    ],
)
def test_a_curve_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=rf'^confidence\.{message}'):
        replace(CURVE, **change)
