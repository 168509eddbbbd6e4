# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures about unknown objects: score maps on examples, and precision-recall curves."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from uncd_ros.evaluation.anomaly_evaluator import AnomalyExample, AnomalySet
from uncd_ros.evaluation.anomaly_frame import DRIVABLE, WHOLE
from uncd_ros.evaluation.names import ANOMALY_NAMES
from uncd_ros.evaluation.style import CYCLE, canvas

WIDEST = 640
"""Pixels of an image in a figure."""
REGION_TITLES = {WHOLE: 'all pixels of the masks', DRIVABLE: 'inside the drivable region'}


def score_maps(path: Path, anomalies: AnomalySet) -> None:
    """A row an example: the image with the drivable region and the anomalies outlined, and the map of each score."""
    rows, names = anomalies.examples, list(anomalies.examples[0].scores)
    height, width = rows[0].frame.labels.shape
    with canvas(path, 2.6 * (1 + len(names)), 2.6 * len(rows) * height / width + 0.4) as figure:
        grid = figure.subplots(len(rows), 1 + len(names), squeeze=False)
        for line, row in zip(grid, rows, strict=True):
            _outlined(line[0], row)
            for axes, name in zip(line[1:], names, strict=True):
                low, high = np.quantile(row.scores[name], (0.02, 0.998))
                axes.imshow(_small(row.scores[name]), vmin=low, vmax=max(high, low + 1e-9), cmap='inferno')
        for axes in grid.flat:
            axes.set(xticks=(), yticks=())
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
        for axes, title in zip(grid[0], ('camera', *(ANOMALY_NAMES[name] for name in names)), strict=True):
            axes.set_title(title)


def precision_recall(path: Path, anomalies: AnomalySet) -> None:
    """A panel a region, a line a score."""
    student = next(iter(anomalies.results.values()))
    scores = {WHOLE: student.score, DRIVABLE: student.drivable.score}
    with canvas(path, 9.0, 4.6) as figure:
        panels = figure.subplots(1, 2)
        for axes, (region, curves) in zip(panels, anomalies.curves.items(), strict=True):
            for (name, (recall, precision)), (colour, dash) in zip(curves.items(), CYCLE, strict=False):
                label = f'{ANOMALY_NAMES[name]}: {scores[region][name].ap:.3f}'
                axes.plot(recall, precision, color=colour, linestyle=dash, label=label)
            axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel='recall', ylabel='precision', title=REGION_TITLES[region])
            axes.legend(title='average precision', loc='upper right')


def _outlined(axes: Axes, row: AnomalyExample) -> None:
    image = _small(row.frame.image)
    axes.imshow(image)
    for mask, colour in ((row.region, '#56b4e9'), (row.frame.labels == 1, '#ff6600')):
        if mask.any():
            axes.contour(_small(mask.astype(np.uint8)), levels=[0.5], colors=[colour], linewidths=1.0)
    axes.set_ylabel(row.frame.name, fontsize=8)


def _small(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    step = max(1, pixels.shape[1] // WIDEST)
    return pixels[::step, ::step]
