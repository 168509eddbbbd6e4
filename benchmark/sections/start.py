# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the start of the node's process to its first mask, with files that are in memory already."""

import time
from statistics import median

from benchmark.robot import ros, running, street
from benchmark.section import Bench, Section, title
from uncd_ros.model.engine_wish import ANY_ENGINE, EngineWish
from uncd_ros.model.store import load_card


def measure(bench: Bench) -> Section:
    image, rows = street(*load_card(bench.model).student.input_size, 1)[0], {}
    with ros():
        for wish in (*bench.extremes, ANY_ENGINE):
            times = []
            for _ in range(1 if bench.short else 4):
                began = time.perf_counter()
                with running(str(bench.model), wish) as (robot, node):
                    robot.first_mask(image, node)
                    times.append(time.perf_counter() - began)
            rows[name_of(wish)] = {'seconds': median(times[-3:])}  # the first reads from the disk
    return Section(rows=rows)


def name_of(wish: EngineWish) -> str:
    return 'the fastest, by choice' if wish == ANY_ENGINE else title(wish)
