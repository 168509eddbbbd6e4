# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A comparison as comparison.json for tools, comparison.md and .html for people, and two figures."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.comparison.methods import METRICS, Method, mean_and_spread
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.markdown import html, render, table
from uncd_ros.evaluation.style import BLUE, CYCLE, canvas

COLUMNS = 3
"""Of the figure of all metrics."""


def write_comparison(methods: Sequence[Method], data: Mapping[str, Any], folder: Path) -> None:
    """Write all of it. Raises ConfigError where no folder can be made."""
    try:
        (folder / 'figures').mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'--out {folder}: no folder can be made there ({error.strerror})') from None
    measured = [metric for metric in METRICS if any(method.values(metric) for method in methods)]
    content = {'data': dict(data), 'methods': {method.name: as_json(method, measured) for method in methods}}
    (folder / 'comparison.json').write_text(json.dumps(content, indent=1, allow_nan=False) + '\n')
    draw_metrics(folder / 'figures' / 'metrics.png', methods, measured)
    draw_retention(folder / 'figures' / 'retention.png', methods)
    text = render('training.comparison', 'comparison.md.j2', data=data, table=methods_table(methods, measured))
    (folder / 'comparison.md').write_text(text)
    (folder / 'comparison.html').write_text(html(text, 'Comparison'))


def as_json(method: Method, measured: Sequence[str]) -> dict[str, Any]:
    """Mean, spread and values of each metric; null for a spread of one."""
    metrics = {}
    for metric in measured:
        if values := method.values(metric):
            mean, spread = mean_and_spread(values)
            metrics[metric] = {'mean': mean, 'std': spread, 'values': values}
    retention = [{'dropped': dropped, 'miou': values} for dropped, values in method.retention()]
    return {'runs': list(method.folders), 'metrics': metrics, 'retention': retention}


def methods_table(methods: Sequence[Method], measured: Sequence[str]) -> str:
    """Markdown: one row a method, mean and standard deviation over seeds."""
    header = ('method', 'seeds', *(METRICS[metric].title for metric in measured))
    rows = [
        (method.name, str(len(method.folders)), *(_cell(method.values(metric), metric) for metric in measured))
        for method in methods
    ]
    return table(header, rows)


def _cell(values: Sequence[float], metric: str) -> str:
    if not values:
        return '-'
    digits, (mean, spread) = METRICS[metric].digits, mean_and_spread(values)
    return f'{mean:.{digits}f}' + ('' if spread is None else f' ± {spread:.{digits}f}')


def draw_metrics(path: Path, methods: Sequence[Method], measured: Sequence[str]) -> None:
    """A panel a metric: mean of each method, its standard deviation as a bar, and each choice of seeds as a dot."""
    rows = -(-len(measured) // COLUMNS)
    with canvas(path, 4.2 * COLUMNS, rows * (0.9 + 0.32 * len(methods))) as figure:
        panels = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True).flat
        for metric, axes in zip(measured, panels, strict=False):
            for row, method in enumerate(methods):
                if values := method.values(metric):
                    mean, spread = mean_and_spread(values)
                    axes.errorbar(mean, row, xerr=spread, color=BLUE, marker='o', capsize=3)
                    axes.scatter(values, [row] * len(values), s=8, color=BLUE, alpha=0.5)
            axes.set(title=METRICS[metric].title, yticks=range(len(methods)))
            axes.set_yticklabels([method.name for method in methods])
            axes.set_ylim(len(methods) - 0.5, -0.5)
        for axes in panels:
            axes.set_axis_off()


def draw_retention(path: Path, methods: Sequence[Method]) -> None:
    """MIoU of the pixels that are kept when the most uncertain ones are dropped."""
    with canvas(path, 7.2, 4.6) as figure:
        axes = figure.subplots()
        for index, method in enumerate(methods):
            color, dash = CYCLE[index % len(CYCLE)]
            points = [(100 * dropped, *mean_and_spread(values)) for dropped, values in method.retention()]
            shares, means, spreads = zip(*points, strict=True)
            axes.plot(shares, means, color=color, linestyle=dash, label=method.name)
            if None not in spreads:
                low, high = ([mean + sign * s for mean, s in zip(means, spreads, strict=True)] for sign in (-1, 1))
                axes.fill_between(shares, low, high, color=color, alpha=0.15, linewidth=0)
        axes.set(xlabel='dropped, % of the pixels', ylabel='mIoU of the rest')
        axes.legend()
