# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The predictor on a CUDA device, image by image, in 16-bit and in 32-bit float; nothing where there is none."""

import time

import numpy as np
import torch

from benchmark.section import Bench, Section, key, median_ratio, p50_p99, title
from benchmark.sections.predictor import open_predictor
from uncd_ros.model.engine_wish import F16, F32, TORCH, EngineWish
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model

SIZES = ((544, 960), (1024, 2048))
"""Height and width of the images."""


def measure(bench: Bench) -> Section:
    if not torch.cuda.is_available():
        print('cuda: torch sees no CUDA device, nothing is measured')
        return Section()
    model, rows, ratios = load_model(bench.model), {}, {}
    wishes = [EngineWish(engine=TORCH, precision=precision) for precision in (F32, F16)]
    predictors = {title(wish): open_predictor(model, wish, device='cuda') for wish in wishes}
    for height, width in SIZES:
        image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        times = {name: milliseconds(each, image, 200 if bench.short else 2000) for name, each in predictors.items()}
        for name, found in times.items():
            rows[f'{name}, {width}x{height}'] = p50_p99(found) | {'images_per_second': 1e3 / float(np.mean(found))}
        full, half = times
        ratios[f'{key(half)}_speedup_{width}x{height}'] = median_ratio(times[full], times[half])
    return Section(rows=rows, ratios=ratios)


def milliseconds(predictor: Predictor, image: np.ndarray, passes: int) -> list[float]:
    """Of each pass, image array in to maps of the image's size out, after a few that do not count."""
    found = []
    for number in range(passes + 20):
        start = time.perf_counter()
        predictor.predict(image)
        if number >= 20:
            found.append(1e3 * (time.perf_counter() - start))
    return found
