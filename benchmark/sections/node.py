# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node through DDS, by torch and by the engine of the fewest bits, as ros2_benchmark does it.

First the highest rate at which at most 5 % of the images have no mask, by binary search; then the latency at fixed
rates, beside the bare predictor at the same rate, in turns. Images have the network's size.
"""

import time
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmark.robot import Robot, ros, running, street
from benchmark.section import Bench, Section, key, p50_p99, title
from benchmark.sections.predictor import open_predictor
from uncd_ros.errors import UncdError
from uncd_ros.model.engine_wish import EngineWish
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model

DROPS = 0.05
"""Share of the images that may have no mask."""
RATES = (8.0, 20.0)
"""Images per second; the ratios are of the first."""
Images = list[NDArray[np.uint8]]


def measure(bench: Bench) -> Section:
    rows: dict[str, dict[str, float]] = {}
    ratios: dict[str, float] = {}
    with ros():
        for wish in bench.extremes:
            predictor = open_predictor(load_model(bench.model), wish)
            images = street(*predictor.card.student.input_size)
            with running(str(bench.model), wish) as (robot, node):
                check(robot.first_mask(images[0], node), predictor, images[0])
                highest = highest_rate(robot, images, 1.5e3 / median(paced(predictor, images, 8.0, 8)), bench)
                rows[f'{title(wish)}, highest rate'] = {'images_per_second': highest}
                for rate in RATES[: 1 if bench.short else None]:
                    if rate < highest:
                        bare, ours = in_turns(robot, predictor, images, rate, bench)
                        rows |= latency_rows(wish, rate, bare, ours)
                        if rate == RATES[0]:
                            ratios |= latency_ratios(wish, bare, ours)
    return Section(rows=rows, ratios=ratios)


def check(mask: NDArray[np.uint8], predictor: Predictor, image: NDArray[np.uint8]) -> None:
    """Raise UncdError unless the node gives what the predictor gives."""
    if (equal := float(np.mean(mask == predictor.predict(image).labels))) < 0.99:
        raise UncdError(f'the labels of the node are those of the predictor on {equal:.1%} of the pixels')


def highest_rate(robot: Robot, images: Images, high: float, bench: Bench) -> float:
    """Images per second; `high` is more than can be, and the result right to a thirtieth of it, if short to a tenth."""
    low, count = 0.0, 20 if bench.short else 100
    precision = high / (10 if bench.short else 30)
    while high - low > precision:
        rate = (low + high) / 2
        if len(robot.stream(images, rate, count)) >= (1.0 - DROPS) * count:
            low = rate
        else:
            high = rate
    return low


def in_turns(
    robot: Robot, predictor: Predictor, images: Images, rate: float, bench: Bench
) -> tuple[list[float], list[float]]:
    """Milliseconds of the bare predictor and of the node; the first of each round warm up."""
    bare: list[float] = []
    ours: list[float] = []
    count = 20 if bench.short else 60
    for _ in range(1 if bench.short else 2):
        bare += paced(predictor, images, rate, count)[3:]
        ours += robot.stream(images, rate, count)[3:]
    return bare, ours


def paced(predictor: Predictor, images: Images, rate: float, count: int) -> list[float]:
    """Milliseconds of each pass, begun at this rate."""
    times, start = [], time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, start + number / rate - time.perf_counter()))
        began = time.perf_counter()
        predictor.predict(images[number % len(images)])
        times.append(1e3 * (time.perf_counter() - began))
    return times


def latency_rows(wish: EngineWish, rate: float, bare: list[float], ours: list[float]) -> dict[str, dict[str, float]]:
    name = f'{title(wish)}, {rate:g} images per second'
    return {f'{name}, predictor': p50_p99(bare), f'{name}, node': p50_p99(ours)}


def latency_ratios(wish: EngineWish, bare: list[float], ours: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(ours, (50, 99)) / np.percentile(bare, (50, 99))
    name = f'node_over_predictor_{key(title(wish))}'
    return {f'{name}_p50': float(p50), f'{name}_p99': float(p99)}
