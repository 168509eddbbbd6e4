# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `make bench` writes; not how fast anything is."""

import json
import subprocess
import sys
from pathlib import Path

from benchmark.section import Bench, Section
from benchmark.sections.anomaly import measure as measure_anomaly
from support.project import PROJECT


def bench(*options: str) -> 'subprocess.CompletedProcess[str]':
    command = [sys.executable, '-m', 'benchmark', '--short', '--only', 'predictor', *options]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_one_json_and_one_table_have_every_engine_that_is_calibrated(exported_model: Path, tmp_path: Path) -> None:
    ended = bench('--model', str(exported_model), '--out', str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    report = json.loads((tmp_path / 'bench.json').read_text())
    rows = report['sections']['predictor']['rows']
    assert rows.keys() >= {'torch f32', 'openvino f32', 'openvino f32, benchmark_app'}
    assert all(row['p50_ms'] > 0 for row in rows.values())
    assert report['ratios'].keys() >= {'openvino_f32_speedup', 'openvino_f32_over_benchmark_app'}
    assert report['environment']['cores']
    assert 'ratios {"openvino' in ended.stdout and 'openvino f32, benchmark_app' in ended.stdout


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    ended = bench('--model', '/nowhere', '--out', str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith('error: ') and ended.stderr.count('\n') == 1 and '/nowhere' in ended.stderr


def test_what_unknown_objects_cost_is_set_against_a_pass(anomaly_model: Path) -> None:
    section = measure_anomaly(Bench(model=anomaly_model, short=True))
    assert section.rows.keys() == {'torch f32', 'torch f32, anomaly', 'torch f32, and obstacles'}
    assert section.ratios.keys() == {'anomaly_over_pass_torch_f32', 'obstacles_over_pass_torch_f32'}


def test_a_model_without_anomaly_score_has_nothing_to_add(tiny_model: Path) -> None:
    assert measure_anomaly(Bench(model=tiny_model, short=True)) == Section()
