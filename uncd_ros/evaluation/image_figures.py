# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures about whole images: what the network sees, and how ood it finds them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.metrics import image_auroc
from uncd_ros.evaluation.names import SCORE_NAMES
from uncd_ros.evaluation.pixel_metrics import ImageScores
from uncd_ros.evaluation.split_evaluator import STUDENT, Example, SplitEvaluator
from uncd_ros.evaluation.style import BLUE, CYCLE, FAINT, INK, PAPER, RED, canvas, subtitle
from uncd_ros.images.palette import colour_table, colourise
from uncd_ros.model.card import ModelCard

_CORRECT_WRONG_IGNORE = np.asarray([(198, 219, 236), (213, 94, 0), (176, 180, 188)], np.uint8)


def examples(path: Path, card: ModelCard, evaluator: SplitEvaluator) -> None:
    """Fig 2: image, ground truth, prediction, correct and wrong, uncertainty; a row a frame."""
    titles = ('camera', 'ground truth', 'prediction', 'correct or wrong', 'uncertainty')
    table = colour_table(tuple(info.color for info in card.classes))
    rows = evaluator.examples
    height, width = rows[0].frame.labels.shape
    with canvas(path, 12.5, 2.24 * len(rows) * height / width + 0.8) as figure:
        grid = figure.subplots(len(rows), len(titles), squeeze=False)
        upper = float(np.quantile(np.concatenate([row.uncertainty.ravel() for row in rows]), 0.995))
        for line, row in zip(grid, rows, strict=True):
            for axes, picture in zip(line, _pictures(row, table), strict=True):
                axes.imshow(picture, interpolation='nearest')
            line[-1].imshow(row.uncertainty, vmin=0.0, vmax=upper, cmap='inferno', interpolation='nearest')
            line[0].set_ylabel(row.frame.name, fontsize=8)
        for axes in grid.flat:
            axes.set(xticks=(), yticks=())
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
        for axes, title in zip(grid[0], titles, strict=True):
            axes.set_title(title)
        _keys(figure, card, list(grid[:, -1]), upper)


def _pictures(row: Example, table: NDArray[np.uint8]) -> Sequence[NDArray[np.uint8]]:
    """All columns but the uncertainty; that one has a scale of its own and stands on a blank."""
    labels = row.frame.labels
    outcome = np.where(labels == IGNORE_INDEX, 2, (labels != row.predicted).astype(np.uint8))
    return (
        row.frame.image,
        colourise(labels, table),
        colourise(row.predicted, table),
        _CORRECT_WRONG_IGNORE[outcome],
        np.zeros((*labels.shape, 3), np.uint8),
    )


def _keys(figure: Figure, card: ModelCard, column: list[Axes], upper: float) -> None:
    entries = [(info.name, info.color) for info in card.classes]
    entries += zip(('correct pixel', 'wrong pixel', 'ignore'), _CORRECT_WRONG_IGNORE.tolist(), strict=True)
    patches = [Patch(color=to_hex(np.divide(colour, 255).tolist()), label=label) for label, colour in entries]
    figure.legend(handles=patches, loc='outside lower center', ncols=min(len(patches), 14), handlelength=1, fontsize=8)
    scale = ScalarMappable(Normalize(0.0, upper), cmap='inferno')
    figure.colorbar(scale, ax=column, label=f'served uncertainty: {card.uncertainty.name}', pad=0.06)


def roc(
    path: Path, card: ModelCard, evaluator: SplitEvaluator, ood_sets: Mapping[str, Mapping[str, ImageScores]]
) -> None:
    """Fig 6: a panel an OOD set, a line an image score."""
    columns = 2 if len(ood_sets) == 4 else min(3, len(ood_sets))
    rows = math.ceil(len(ood_sets) / columns)
    nominal = evaluator.images[STUDENT].values
    with canvas(path, 4.3 * columns, 5.3 * rows) as figure:
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, (name, scores) in zip(grid.flat, ood_sets.items(), strict=False):
            _roc_panel(axes, nominal, scores[STUDENT].values, card.image_score)
            axes.set_title(name)
        for axes in grid.flat[len(ood_sets) :]:
            axes.set_visible(False)


def _roc_panel(
    axes: Axes, nominal: Mapping[str, Sequence[float]], ood: Mapping[str, Sequence[float]], served: str
) -> None:
    axes.plot((0, 1), (0, 1), color=FAINT, linewidth=1, linestyle=(0, (2, 2)))
    for (score, values), (colour, dash) in zip(nominal.items(), CYCLE, strict=False):
        is_ood = np.repeat([0, 1], [len(values), len(ood[score])])
        false_rate, true_rate, _ = roc_curve(is_ood, [*values, *ood[score]])
        width = 3.4 if score == served else 1.4
        label = f'{SCORE_NAMES[score]}: {image_auroc(values, ood[score]):.3f}'
        axes.plot(false_rate, true_rate, color=colour, linestyle=dash, linewidth=width, label=label)
    axes.set(xlim=(-0.01, 1), ylim=(0, 1.02), xlabel='false-positive rate', ylabel='true-positive rate')
    spacing = {'handlelength': 1.7, 'columnspacing': 0.9, 'handletextpad': 0.5}
    axes.legend(loc='upper center', bbox_to_anchor=(0.5, -0.14), ncols=2, title='AUROC', fontsize=7.2, **spacing)


def score_distributions(path: Path, evaluation: Evaluation) -> None:
    """Fig 7: the served image score of each set, a row a set, with the flag's threshold."""
    score, threshold = evaluation.card.image_score, evaluation.threshold
    nominal = {f'{evaluation.dataset} {name}': split.images for name, split in evaluation.splits.items()}
    ood = dict(evaluation.ood_sets) | {name: shift.images for name, shift in evaluation.shifts.items()}
    for split, weather in evaluation.weather.items():
        ood |= {f'{split}: {name}': shift.images for name, shift in weather.items()}
    values_of = {name: np.asarray(scores[STUDENT].values[score]) for name, scores in (nominal | ood).items()}
    low, high = np.quantile(np.concatenate([*values_of.values(), [threshold]]), (0.002, 0.998))
    edges = np.linspace(low, max(high, low + 1e-9), 70)
    with canvas(path, 8.2, 1.1 + 0.75 * len(values_of)) as figure:
        axes = figure.add_subplot()
        for row, (name, values) in enumerate(values_of.items()):
            _ridge(axes, -row, values, edges, BLUE if name in nominal else RED)
            above = f'{(values > threshold).mean():.0%} above'
            axes.text(1.01, -row + 0.25, above, transform=axes.get_yaxis_transform(), fontsize=8.5)
        axes.axvline(threshold, color=INK, linestyle='--', linewidth=1.3)
        labels = [f'{name}\n{len(values)} images' for name, values in values_of.items()]
        axes.set_yticks([-row + 0.25 for row in range(len(values_of))], labels)
        axes.tick_params(axis='y', length=0)
        axes.grid(visible=False, axis='y')
        axes.set_ylim(-len(values_of) + 0.85, 0.95)
        axes.set_title('Image score of each set', pad=20)
        axes.set_xlabel(f'image score ({SCORE_NAMES[score]}), higher is more anomalous')
        subtitle(axes, f'blue: in-distribution; red: out-of-distribution; dashed: threshold {threshold:.4g}')


def _ridge(axes: Axes, base: float, values: NDArray[np.float64], edges: NDArray[np.float64], colour: str) -> None:
    counts, _ = np.histogram(values.clip(edges[0], edges[-1]), edges)
    heights = base + 0.72 * counts / max(counts.max(), 1)
    axes.stairs(heights, edges, baseline=base, fill=True, color=colour, alpha=0.45)
    axes.stairs(heights, edges, baseline=base, color=colour, linewidth=1.1)
    median = float(np.median(values))
    axes.plot((median, median), (base, base + 0.34), color=PAPER, linewidth=3.4)
    axes.plot((median, median), (base, base + 0.34), color=colour, linewidth=1.6)
