# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The predictor alone by every engine, in turns, after checking that each gives torch's results.

An image array of the network's size in; labels, uncertainty and score out. The floor is OpenVINO's own benchmark_app
on the same files.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median

import torch

from benchmark.section import Bench, Section, key, median_ratio, p50_p99, title
from uncd_ros.errors import UncdError
from uncd_ros.model.engine_choice import choose_engine
from uncd_ros.model.engine_parity import probe_images
from uncd_ros.model.engine_record import ENGINES_FOLDER, read_engine
from uncd_ros.model.engine_wish import BF16, OPENVINO, EngineWish
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import StoredModel, load_model

PASSES = 5
"""Of each turn."""


def measure(bench: Bench) -> Section:
    model = load_model(bench.model)
    predictors = {title(wish): open_predictor(model, wish) for wish in bench.wishes}
    image = next(probe_images(model.card))
    passes = {name: partial(each.predict, image) for name, each in predictors.items()}
    times = in_turns(passes, rounds=6 if bench.short else 25)
    rows = {name: p50_p99(milliseconds) for name, milliseconds in times.items()}
    (torch_name, *others) = times
    ratios = {f'{key(name)}_speedup': median_ratio(times[torch_name], times[name]) for name in others}
    for wish in bench.wishes:
        if wish.engine == OPENVINO and (floor := benchmark_app(bench, wish)):
            name = title(wish)
            rows[f'{name}, benchmark_app'] = {'p50_ms': floor}
            ratios[f'{key(name)}_over_benchmark_app'] = median(times[name]) / floor
    return Section(rows=rows, ratios=ratios)


def open_predictor(model: StoredModel, wish: EngineWish, device: str = 'cpu') -> Predictor:
    """Of this engine, which was just found to give torch's results. Raises UncdError where it is another one."""
    choice = choose_engine(model, device, wish, check=lambda: None)
    if choice.warning:
        raise UncdError(choice.warning)
    return Predictor(model, engine=choice.engine)


def in_turns(passes: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each pass; they take turns of several passes, so that a busy moment hits all alike.

    The first pass of a turn does not count: OpenMP's threads may still spin for the one that ran before.
    """
    times: dict[str, list[float]] = {name: [] for name in passes}
    for _ in range(rounds):
        for name, run in passes.items():
            for number in range(PASSES + 1):
                start = time.perf_counter()
                run()
                if number:
                    times[name].append(1e3 * (time.perf_counter() - start))
    return times


def benchmark_app(bench: Bench, wish: EngineWish) -> float | None:
    """OpenVINO's own median latency of the same files with the same settings, in milliseconds; None without it."""
    engines = bench.model / ENGINES_FOLDER
    record = read_engine(engines / f'{wish.engine}_{wish.precision}.json')
    graph = next(name for name in record.files if name.endswith('.xml'))
    program = Path(sys.executable).parent / 'benchmark_app'
    command = [program, '-m', engines / graph, '-d', 'CPU', '-api', 'sync', '-hint', 'none']
    command += ['-nstreams', 1, '-infer_precision', 'bf16' if wish.precision == BF16 else 'f32']
    command += ['-nthreads', torch.get_num_threads(), '-t', 1 if bench.short else 5]
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    found = re.search(r'Median:\s+([\d.]+) (ms|us)', ended.stdout)
    return float(found[1]) * {'ms': 1.0, 'us': 1e-3}[found[2]] if found else None
