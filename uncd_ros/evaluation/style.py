# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How figures look: one hand, and colours that the colour-blind tell apart (Okabe and Ito 2008)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, FAINT, GRID, PAPER = '#1f2430', '#6b7280', '#e3e6eb', '#ffffff'
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW = (
    '#0072b2', '#e69f00', '#009e73', '#d55e00', '#cc79a7', '#56b4e9', '#f0e442',
)  # fmt: skip
CORRECT, WRONG = BLUE, RED
CORRECT_MAP, WRONG_MAP = 'Blues', 'Oranges'
COLOR_OF_MODEL = {'student': BLUE, 'teacher': ORANGE, 'baseline': FAINT, 'baseline_scaled': GREEN}
DASH_OF_MODEL = {'student': '-', 'teacher': '--', 'baseline': '-.', 'baseline_scaled': ':'}
CYCLE = (
    (BLUE, '-'), (RED, '-'), (GREEN, '-'), (ORANGE, '-'), (PURPLE, '-'),
    (SKY, '--'), (INK, '--'), (FAINT, ':'), (GREEN, ':'), (RED, ':'),
    (BLUE, ':'),
)  # fmt: skip
"""Colour and dash of the n-th line, no two alike."""

_SETTINGS: Any = {
    'font.family': 'DejaVu Sans',
    'font.size': 9.5,
    'axes.titlesize': 10.5,
    'axes.titleweight': 'bold',
    'axes.titlelocation': 'left',
    'axes.labelcolor': INK,
    'axes.edgecolor': FAINT,
    'axes.linewidth': 0.8,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'axes.axisbelow': True,
    'grid.color': GRID,
    'grid.linewidth': 0.8,
    'text.color': INK,
    'xtick.color': FAINT,
    'ytick.color': FAINT,
    'xtick.labelcolor': INK,
    'ytick.labelcolor': INK,
    'legend.frameon': False,
    'legend.fontsize': 8.5,
    'lines.linewidth': 1.9,
    'figure.facecolor': PAPER,
    'savefig.facecolor': PAPER,
}


@contextmanager
def canvas(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure of so many inches that is written to `path`; no window and no global state."""
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), dpi=120, layout='constrained')
        FigureCanvasAgg(figure)
        yield figure
        figure.savefig(path)


def subtitle(axes: Axes, text: str) -> None:
    """A quiet line under a title."""
    axes.annotate(text, (0, 1), (0, 4), xycoords='axes fraction', textcoords='offset points', color=FAINT, fontsize=8.5)
