# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The search for the highest rate, against a node whose limit is known."""

import pytest

pytest.importorskip('markdown_it', reason='writes reports')

from support.live_runs import run_at
from uncd_ros.bag_evaluation.rate_search import HIGHEST, LOWEST, highest_rate


@pytest.mark.parametrize('limit', [1.0, 7.3, 19.0, 55.0, 300.0])
@pytest.mark.parametrize('first', [0.5, 20.0, 100.0])
def test_the_limit_is_found_in_few_runs(limit: float, first: float) -> None:
    best, runs = highest_rate(lambda rate: run_at(rate, limit), first)
    assert best is not None
    assert limit / 1.1 <= best.rate <= limit / 0.945
    assert len(runs) <= 18


def test_the_search_ends_at_either_end() -> None:
    best, runs = highest_rate(lambda rate: run_at(rate, 1e9), 20.0)
    assert best is not None and best.rate == HIGHEST and len(runs) < 8
    none, runs = highest_rate(lambda rate: run_at(rate, 0.0), 20.0)
    assert none is None and runs[-1].rate == LOWEST
