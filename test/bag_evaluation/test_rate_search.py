# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The search for the highest rate, against a node whose limit is known."""

import pytest

pytest.importorskip('markdown_it', reason='writes reports')

from uncd_ros.bag_evaluation.rate_search import HIGHEST, LOWEST, LiveRun, as_json, highest_rate, markdown


def run_at(rate: float, limit: float) -> LiveRun:
    """Of a node that answers so many images a second and drops the rest."""
    answered = round(100 * min(1.0, limit / rate))
    return LiveRun(
        wanted_rate=rate,
        rate=rate,
        sent=100,
        answered=answered,
        node_dropped=100 - answered,
        lost=0,
        faults=0,
        p50_ms=10.0,
        p95_ms=20.0,
        p99_ms=30.0,
        jitter_ms=1.0,
    )


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


def test_the_report_says_whether_it_kept_up() -> None:
    slow, fast = run_at(10.0, 20.0), run_at(40.0, 20.0)
    assert 'the node kept up on cpu: 0.0% of 100 images' in markdown(slow, slow, [slow, fast], 'cpu')
    text = markdown(fast, None, [fast], 'cpu')
    assert 'the node did not keep up on cpu: 50.0% of 100 images' in text and 'No rate down to' in text
    content = as_json(fast, slow, [slow, fast], 'cpu')
    assert (content['asked']['drops'], content['highest_rate'], len(content['runs'])) == (0.5, 10.0, 2)
