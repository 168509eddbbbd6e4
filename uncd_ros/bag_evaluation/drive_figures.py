# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a drive: score, flag, events and faults over time; what was seen, and how sure that was."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult
from uncd_ros.bag_evaluation.timeline import Timeline
from uncd_ros.evaluation.names import SCORE_NAMES
from uncd_ros.evaluation.style import BLUE, GREEN, INK, ORANGE, PURPLE, RED, canvas, subtitle

Spans = Sequence[tuple[float, float]]
"""Begin and length, in seconds."""


def timeline(path: Path, result: BagEvaluationResult) -> None:
    """Image score with its threshold, mean uncertainty, and bars of known events, flag and camera faults."""
    line = result.timeline
    bars = _bars(result)
    with canvas(path, 11.0, 5.4 + 0.28 * len(bars)) as figure:
        score, uncertainty, strip = figure.subplots(3, 1, sharex=True, height_ratios=(3.2, 1.7, 0.3 + 0.34 * len(bars)))
        _score_panel(score, result)
        _line(uncertainty, line, line.uncertainty, BLUE)
        uncertainty.set_ylim(bottom=0.0)
        uncertainty.set_title(f'Mean uncertainty ({result.card.uncertainty.name})')
        _strip(strip, bars)
        for axes in (score, uncertainty):
            _shade(axes, result)
        strip.set(xlim=(0.0, line.seconds), xlabel='seconds from the start of the bag')


def classes(path: Path, result: BagEvaluationResult) -> None:
    """Share of the image by class, and the uncertainty of each."""
    line, infos = result.timeline, result.card.classes
    colours = [to_hex(np.divide(info.color, 255).tolist()) for info in infos]
    with canvas(path, 11.0, 3.6 + 0.27 * len(infos)) as figure:
        heights = (2.4, 0.6 + 0.24 * len(infos))
        area, uncertainty = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        there = ~np.isnan(line.area[:, 0])
        area.stackplot(_middles(line)[there], line.area[there].T, colors=colours, labels=[info.name for info in infos])
        area.set(xlim=(0.0, line.seconds), ylim=(0.0, 1.0), ylabel='share of the image')
        area.set_title('Predicted classes')
        area.legend(loc='center left', bbox_to_anchor=(1.01, 0.5), reverse=True, handlelength=1.0)
        _heat(figure, uncertainty, line, [info.name for info in infos])
        uncertainty.set_title('Mean uncertainty of each class')
        uncertainty.set_xlabel('seconds from the start of the bag')


def _score_panel(axes: Axes, result: BagEvaluationResult) -> None:
    line, threshold = result.timeline, result.card.ood.threshold(result.alarm_params.false_alarm_rate)
    middles, there = _middles(line), ~np.isnan(line.score)
    axes.fill_between(middles[there], line.score_low[there], line.score_high[there], color=BLUE, alpha=0.2, linewidth=0)
    _line(axes, line, line.score, BLUE)
    axes.axhline(threshold, color=INK, linestyle='--', linewidth=1.2)
    axes.annotate(
        f'threshold {threshold:.4g}', (1, threshold), (-4, 4), xycoords=('axes fraction', 'data'),
        textcoords='offset points', ha='right', fontsize=8.5,
    )  # fmt: skip
    axes.set_title(f'Image score ({SCORE_NAMES[result.card.image_score]})', pad=20)
    subtitle(axes, f'{result.bag}, {result.topic}: mean of each moment, and the range of its images')


def _line(axes: Axes, line: Timeline, values: NDArray[np.float64], colour: str) -> None:
    there = ~np.isnan(values)
    axes.plot(_middles(line)[there], values[there], color=colour, linewidth=1.2)


def _shade(axes: Axes, result: BagEvaluationResult) -> None:
    """The known events."""
    for event in result.events.events if result.events else ():
        axes.axvspan(event.start, event.end, color=ORANGE, alpha=0.14, linewidth=0)


def _bars(result: BagEvaluationResult) -> list[tuple[str, str, Spans, list[str]]]:
    """Name, colour, spans and their texts of each row, the top one first."""
    rows: list[tuple[str, str, Spans, list[str]]] = []
    if result.events:
        events = result.events.events
        spans = [(each.start, each.end - each.start) for each in events]
        rows.append(('known event', ORANGE, spans, [each.kind for each in events]))
    flagged, faulty = (
        _spans(result.timeline, result.timeline.is_flagged),
        _spans(result.timeline, result.timeline.is_faulty),
    )
    rows.append(('flag up', RED, flagged, []))
    if result.obstacles:
        rows.append(('obstacle', GREEN, _spans(result.timeline, result.timeline.is_obstructed), []))
    if result.faults:
        rows.append(('camera fault', PURPLE, faulty, []))
    return rows


def _strip(axes: Axes, rows: Sequence[tuple[str, str, Spans, list[str]]]) -> None:
    for place, (_, colour, spans, texts) in enumerate(rows):
        axes.broken_barh(spans, (place - 0.36, 0.72), color=colour, linewidth=0)
        for (begin, length), text in zip(spans, texts, strict=False):
            axes.text(begin + length / 2, place, text, ha='center', va='center', fontsize=8, clip_on=True)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis='y', length=0)
    axes.grid(visible=False, axis='y')


def _heat(figure: Figure, axes: Axes, line: Timeline, names: Sequence[str]) -> None:
    values = np.ma.masked_invalid(line.class_uncertainty.T)
    mesh = axes.pcolormesh(line.edges, np.arange(len(names) + 1), values, cmap='inferno', vmin=0.0)
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.invert_yaxis()
    axes.tick_params(axis='y', length=0)
    axes.grid(visible=False)
    axes.set_facecolor('#e9ebee')
    figure.colorbar(mesh, ax=axes, label='mean uncertainty', pad=0.01)


def _spans(line: Timeline, flags: NDArray[np.bool_]) -> Spans:
    """Runs of bins that are set; a bin without a frame goes on as the one before."""
    there = np.flatnonzero(line.has_frames)
    if not len(there):
        return []
    known = flags[there[np.maximum(np.searchsorted(there, np.arange(line.bins), side='right') - 1, 0)]]
    steps = np.diff(np.r_[0, known.astype(int), 0])
    begins, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(float(line.edges[a]), float(line.edges[b] - line.edges[a])) for a, b in zip(begins, ends, strict=True)]


def _middles(line: Timeline) -> NDArray[np.float64]:
    middles: NDArray[np.float64] = (line.edges[:-1] + line.edges[1:]) / 2
    return middles
