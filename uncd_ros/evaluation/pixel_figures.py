# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures about pixels: calibration, correct and wrong, and how the student follows its teacher's std."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from numpy.typing import NDArray

from uncd_ros.evaluation.metrics import CalibrationError
from uncd_ros.evaluation.names import MODEL_NAMES, UNCERTAINTY_NAMES
from uncd_ros.evaluation.pixel_metrics import PAPER, PixelMetrics
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.evaluation.split_evaluator import STUDENT, TEACHER, SplitEvaluator
from uncd_ros.evaluation.std_agreement import Agreement
from uncd_ros.evaluation.style import (
    COLOR_OF_MODEL,
    CORRECT,
    CORRECT_MAP,
    CYCLE,
    DASH_OF_MODEL,
    FAINT,
    INK,
    WRONG,
    WRONG_MAP,
    canvas,
)

FEWEST = 200
"""Pixels below which a point of a curve would be noise."""


def reliability(path: Path, evaluator: SplitEvaluator) -> None:
    """Accuracy over confidence of each network, and how often each confidence is claimed."""
    with canvas(path, 6.2, 6.0) as figure:
        curve, bars = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
        curve.plot((0, 1), (0, 1), color=FAINT, linewidth=1, linestyle=(0, (2, 2)))
        for name, metrics in evaluator.pixels.items():
            look = {'color': COLOR_OF_MODEL[name], 'linestyle': DASH_OF_MODEL[name], 'marker': 'o'}
            _reliability(curve, metrics.calibration, MODEL_NAMES[name], **look)
        served = evaluator.pixels[STUDENT].served_confidence
        if served.pixels.any():
            _reliability(curve, served, 'served confidence', color=INK, linestyle='-', marker='s')
        pixels = evaluator.pixels[STUDENT].calibration.pixels.numpy()
        edges = np.linspace(0, 1, len(pixels) + 1)
        bars.bar(edges[:-1], pixels / pixels.sum(), np.diff(edges), align='edge', color=CORRECT, edgecolor='white')
        curve.set(title='Reliability', ylabel='accuracy', ylim=(0, 1.02), xlim=(0, 1))
        bars.set(ylabel='share of pixels', xlabel='confidence (largest class probability)', yscale='log')
        bars.set_title('Pixels of the student', fontsize=9)
        curve.legend(loc='lower right')


def _reliability(axes: Axes, error: CalibrationError, title: str, **look: Any) -> None:
    seen = error.pixels >= FEWEST
    confidence, accuracy = ((each[seen] / error.pixels[seen]).numpy() for each in (error.confidence, error.correct))
    axes.plot(confidence, accuracy, markersize=4, label=f'{title}, ECE {error.ece():.3f}', **look)


def uncertainty_histograms(path: Path, evaluator: SplitEvaluator) -> None:
    """Fig 4: the student's softmax, the paper's uncertainty of teacher and student, and what the student serves.

    Not every method teaches the paper's uncertainty.
    """
    pixels, served = evaluator.pixels, evaluator.pixels[STUDENT].served
    has_paper = [name for name in (TEACHER, STUDENT) if name in pixels and PAPER in pixels[name].errors]
    panels = [(STUDENT, 'msp'), *((name, PAPER) for name in has_paper)]
    panels += [(STUDENT, served)] if served not in (PAPER, 'msp') else []
    with canvas(path, 3.4 * len(panels), 3.5) as figure:
        for index, (name, uncertainty) in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), index + 1)
            ranking = pixels[name].errors[uncertainty]
            _correct_and_wrong(axes, ranking)
            auroc = ranking.auroc()
            axes.set_title(f'{MODEL_NAMES[name].capitalize()}, AUROC {auroc:.3f}')
            axes.set_xlabel(UNCERTAINTY_NAMES[uncertainty])
            if index == 0:
                axes.set_ylabel('share of pixels of its kind')
                axes.legend()


def _correct_and_wrong(axes: Axes, ranking: Ranking) -> None:
    # A few odd pixels must not squeeze all others against the axis.
    top = max(ranking.quantile(0.9995), 1e-6)
    edges = np.linspace(0.0, top, 51)
    correct, wrong = ranking.histogram(edges)
    for counts, colour, label in ((correct, CORRECT, 'correct'), (wrong, WRONG, 'wrong')):
        share = counts / max(counts.sum(), 1)
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.28)
        axes.stairs(share, edges, color=colour, linewidth=1.5, label=f'{label} pixels')
    axes.set(yscale='log', xlim=(0, top), ylim=(1e-5, 1.2))
    axes.locator_params(axis='x', nbins=5)


def retention(path: Path, evaluator: SplitEvaluator) -> None:
    """MIoU and accuracy after dropping the most uncertain share."""
    shares = np.linspace(0.0, 0.5, 26)
    with canvas(path, 8.8, 3.7) as figure:
        left, right = figure.subplots(1, 2)
        for name, metrics in evaluator.pixels.items():
            points = metrics.retention.curve(shares.tolist())
            colour, dash = COLOR_OF_MODEL[name], DASH_OF_MODEL[name]
            label = f'{MODEL_NAMES[name]}, by {UNCERTAINTY_NAMES[metrics.served]}'
            accuracy = [point.pixel_accuracy for point in points]
            left.plot(100 * shares, [point.miou for point in points], color=colour, linestyle=dash)
            right.plot(100 * shares, accuracy, color=colour, linestyle=dash, label=label)
        left.set(title='mIoU of what is left', ylabel='mIoU', xlabel='most uncertain pixels dropped, %')
        right.set(title='Accuracy of what is left', ylabel='pixel accuracy', xlabel='most uncertain pixels dropped, %')
        right.legend(loc='lower right')
        for axes in (left, right):
            axes.set_xlim(0, 50)


def risk_coverage(path: Path, evaluator: SplitEvaluator) -> None:
    """Selective risk, network by network and uncertainty by uncertainty."""
    student = evaluator.pixels[STUDENT]
    with canvas(path, 8.8, 3.9) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for name, metrics in evaluator.pixels.items():
            coverage, risk = metrics.errors[metrics.served].risk_coverage()
            label = f'{MODEL_NAMES[name]}, AURC {metrics.errors[metrics.served].aurc():.4f}'
            left.plot(
                100 * coverage, 100 * risk, color=COLOR_OF_MODEL[name], linestyle=DASH_OF_MODEL[name], label=label
            )
        for (name, ranking), (colour, dash) in zip(student.errors.items(), CYCLE, strict=False):
            coverage, risk = ranking.risk_coverage()
            label = f'{UNCERTAINTY_NAMES[name]}, AURC {ranking.aurc():.4f}'
            right.plot(100 * coverage, 100 * risk, color=colour, linestyle=dash, label=label)
        right.plot(100 * coverage, 100 * _best_risk(student, coverage), color=INK, linestyle=':', linewidth=1.2)
        left.set(title='Each network by what it serves', xlabel='most certain pixels kept, %', ylabel='error rate, %')
        right.set(title='The student by each uncertainty', xlabel='most certain pixels kept, %')
        for axes in (left, right):
            axes.set(xlim=(0, 100), ylim=(0, None))
            axes.legend(loc='upper left')


def _best_risk(metrics: PixelMetrics, coverage: NDArray[np.float64]) -> NDArray[np.float64]:
    """Risk of a ranking that puts every wrong pixel last."""
    error_rate = 1.0 - metrics.confusion.accuracy()
    return np.maximum(0.0, coverage - (1.0 - error_rate)) / coverage


def agreement(path: Path, evaluator: SplitEvaluator) -> None:
    """Fig 3: density of student std over teacher std, correct and wrong pixels apart."""
    compared = evaluator.agreement[STUDENT][PAPER]
    edges = compared.edges()
    area = np.outer(np.diff(np.log10(edges)), np.diff(np.log10(edges)))
    joint = compared.counts.sum(dim=0).numpy()
    used = np.flatnonzero(joint.any(axis=0) | joint.any(axis=1))
    limits = (edges[used[0]], edges[used[-1] + 1])
    kinds = (('Correct', CORRECT_MAP), ('Wrong', WRONG_MAP))
    with canvas(path, 10.2, 4.4) as figure:
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes, (kind, colours), counts in zip(panels, kinds, compared.counts.numpy(), strict=True):
            density = counts.T / max(counts.sum(), 1) / area
            mesh = axes.pcolormesh(
                edges, edges, np.where(density > 0, density, np.nan), norm=LogNorm(1e-3, 10), cmap=colours
            )
            axes.plot(limits, limits, color=INK, linewidth=1, linestyle='--')
            axes.set(xscale='log', yscale='log', xlim=limits, ylim=limits, xlabel="teacher's uncertainty (eq. 8)")
            axes.set_title(f'{kind} pixels, {counts.sum() / max(compared.counts.sum().item(), 1):.1%} of all')
            figure.colorbar(mesh, ax=axes, label='density per decade squared', pad=0.02)
        _median_line(panels[0], compared)
        panels[0].set_ylabel("student's uncertainty (eq. 8)")
        panels[0].legend(loc='lower right', title=f'Spearman {compared.spearman():.3f} over all pixels')


def _median_line(axes: Axes, compared: Agreement) -> None:
    """Where half of all pixels of a teacher's level lie below, and where 10 and 90 % do."""
    low, median, high = compared.quantiles((0.1, 0.5, 0.9)).T
    middle = np.sqrt(compared.edges()[:-1] * compared.edges()[1:])
    enough = compared.counts.sum(dim=(0, 2)).numpy() >= FEWEST
    axes.plot(middle[enough], median[enough], color=INK, linewidth=1.6, label='median of all pixels')
    axes.plot(middle[enough], low[enough], color=INK, linewidth=0.9, linestyle=':', label='10 % and 90 %')
    axes.plot(middle[enough], high[enough], color=INK, linewidth=0.9, linestyle=':')
