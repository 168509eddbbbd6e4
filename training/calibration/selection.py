# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which uncertainty and which image score a model serves, by their figures on calibration data."""

from collections.abc import Mapping

import numpy as np

from training.calibration.assessment import Assessment
from uncd_ros.model.card import SelectionReport

LEVEL = 0.005
"""AUROCs that differ by no more are level: on another drive their order may change."""


def select_uncertainty(assessed: Assessment) -> tuple[str, SelectionReport]:
    """By AUROC of finding wrong pixels; of those level with the best, by the area under the risk-coverage curve.

    AUROC measures how errors rank among all pixels. AURC measures how few errors are left when only the most certain
    pixels are kept, as by a robot that abstains.
    """
    auroc, aurc = assessed.error_auroc, assessed.error_aurc
    level = _level_with_best(auroc)
    best = min(level, key=aurc.__getitem__)
    others = ', '.join(f'{name} {value:.3f}' for name, value in auroc.items() if name != best)
    reason = f'{best} finds wrong pixels with an AUROC of {auroc[best]:.3f} (others: {others})'
    if len(level) > 1:
        reason += f'; of those within {LEVEL} of the best AUROC it has the smallest area under the risk-coverage curve'
    figures = {name: {'error_auroc': auroc[name], 'aurc': aurc[name]} for name in auroc}
    return best, SelectionReport(figures=figures, reason=f'{reason}.')


def select_image_score(
    ood_auroc: Mapping[str, Mapping[str, float]], detected: Mapping[str, float]
) -> tuple[str, SelectionReport]:
    """By mean AUROC over sets of anomalous images; of those level with the best, by the share that the flag detects.

    `ood_auroc` is image score -> set of anomalous images -> AUROC against the nominal frames, the simplest score first;
    `detected` is the share of anomalous images above the threshold that the score would have. Where that is equal,
    too, the simplest score is taken.
    """
    mean = {name: float(np.mean(list(aurocs.values()))) for name, aurocs in ood_auroc.items()}
    level = _level_with_best(mean)
    best = max(level, key=detected.__getitem__)
    ood_sets = ', '.join(next(iter(ood_auroc.values())))
    reason = f'{best} separates anomalous images ({ood_sets}) from nominal ones with a mean AUROC of {mean[best]:.3f}'
    reason += f' and detects {detected[best]:.0%} of them at its threshold'
    if len(level) > 1:
        reason += f'; of the scores within {LEVEL} of the best AUROC none detects more'
    figures = {name: {**aurocs, 'mean': mean[name], 'detected': detected[name]} for name, aurocs in ood_auroc.items()}
    return best, SelectionReport(figures=figures, reason=f'{reason}.')


def _level_with_best(figures: Mapping[str, float]) -> list[str]:
    """In their order. Where nothing could be measured, all are level."""
    best = np.nanmax([0.0, *figures.values()]) - LEVEL
    return [name for name, value in figures.items() if value >= best] or list(figures)
