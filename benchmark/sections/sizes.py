# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stages of an image in the node, by its size, with mask, uncertainty and flag subscribed, without and with overlay.

receive is from the stamp to the arrival; upload resizes for the network, download resizes what it gives; publish
decides, fills messages and sends them.
"""

from benchmark.robot import ros, running, street
from benchmark.section import Bench, Section, p50_p99
from uncd_ros.errors import UncdError

SIZES = ((360, 480), (544, 960), (720, 1280), (1024, 2048))
"""Height and width."""
RATE = 20.0
"""Images per second."""
AROUND = ('receive', 'convert', 'publish')
"""The stages that are neither the network nor its input and output."""


def measure(bench: Bench) -> Section:
    rows: dict[str, dict[str, float]] = {}
    ratios: dict[str, float] = {}
    with ros():
        for height, width in SIZES[-1:] if bench.short else SIZES:
            size = f'{width}x{height}'
            plain = one(bench, height, width, overlay=False)
            drawn = one(bench, height, width, overlay=True)
            rows[f'{size}, mask, uncertainty, flag'] = plain
            rows[f'{size}, and overlay'] = drawn
            ratios[f'around_network_share_{size}'] = plain['around_network_ms'] / plain['end_to_end_ms']
    return Section(rows=rows, ratios=ratios)


def one(bench: Bench, height: int, width: int, *, overlay: bool) -> dict[str, float]:
    """A node of its own, whose diagnostics speak of this size alone. Raises UncdError where masks do not fit."""
    images, count = street(height, width, 4), 40 if bench.short else 120
    with running(str(bench.model), bench.extremes[-1], 'uncertainty', *(['overlay'] if overlay else [])) as (
        robot,
        node,
    ):
        if robot.first_mask(images[0], node).shape != (height, width):
            raise UncdError(f'a mask has not the size {width}x{height} of its image')
        masks = robot.stream(images, RATE, count)
        stages = robot.stages()
        lost = float(robot.values['lost'])
    figures = {'images': count, 'lost': lost, 'without_mask': count - len(masks), **p50_p99(masks)}
    figures['around_network_ms'] = sum(stages[name] for name in AROUND)
    return figures | {f'{name}_ms': value for name, value in stages.items()}
