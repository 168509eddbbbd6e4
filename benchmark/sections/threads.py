# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The predictor on one core, on two, and so on; OpenVINO's engines take as many threads as torch has."""

from functools import partial
from statistics import median

import torch

from benchmark.section import Bench, Section, key, p50_p99, title
from benchmark.sections.predictor import in_turns, open_predictor
from uncd_ros.model.engine_parity import probe_images
from uncd_ros.model.store import load_model


def measure(bench: Bench) -> Section:
    model, most = load_model(bench.model), torch.get_num_threads()
    image = next(probe_images(model.card))
    rows, ratios = {}, {}
    for wish in bench.extremes:
        medians = {}
        for count in sorted({*(2**power for power in range(10) if 2**power < most), most}):
            torch.set_num_threads(count)
            name = f'{title(wish)}, {count} threads'
            run = partial(open_predictor(model, wish).predict, image)
            (times,) = in_turns({name: run}, rounds=2 if bench.short else 8).values()
            rows[name], medians[count] = p50_p99(times), median(times)
        ratios[f'{key(title(wish))}_{most}_threads_speedup'] = medians[1] / medians[most]
    return Section(rows=rows, ratios=ratios)
