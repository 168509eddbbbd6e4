# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which uncertainty and which image score a model serves, by their figures on calibration data."""

from collections.abc import Mapping

import numpy as np

from training.calibration.assessment import Assessment
from uncd_ros.model.card import SelectionReport

LEVEL = 0.005
"""AUROCs no further apart are level: another drive would order them anew."""


def select_uncertainty(assessed: Assessment) -> tuple[str, SelectionReport]:
    """By AUROC of finding wrong pixels; of those level with the best, by the area under the risk-coverage curve.

    AUROC asks how errors rank among all pixels, AURC how few of them are left when the most certain are kept,
    which is what a robot that abstains has of it.
    """
    auroc, aurc = assessed.error_auroc, assessed.error_aurc
    level = _level_with_best(auroc)
    best = min(level, key=aurc.__getitem__)
    others = ', '.join(f'{name} {value:.3f}' for name, value in auroc.items() if name != best)
    reason = f'{best} finds wrong pixels with an AUROC of {auroc[best]:.3f} (others: {others})'
    if len(level) > 1:
        reason += f'; of those within {LEVEL} of the best its area under the risk-coverage curve is the smallest'
    figures = {name: {'error_auroc': auroc[name], 'aurc': aurc[name]} for name in auroc}
    return best, SelectionReport(figures=figures, reason=f'{reason}.')


def select_image_score(
    shift_auroc: Mapping[str, Mapping[str, float]], detected: Mapping[str, float]
) -> tuple[str, SelectionReport]:
    """By mean AUROC over the calibration shifts; of those level with the best, by what the flag has of it.

    `shift_auroc` is image score -> shift -> AUROC against the frames as they are, the plainest score first;
    `detected` is the share of shifted frames above the threshold that the score would have. Where that is
    equal, too, the plainest is taken.
    """
    mean = {name: float(np.mean(list(aurocs.values()))) for name, aurocs in shift_auroc.items()}
    level = _level_with_best(mean)
    best = max(level, key=detected.__getitem__)
    shifts = ', '.join(next(iter(shift_auroc.values())))
    reason = f'{best} tells the calibration shifts ({shifts}) from the frames with a mean AUROC of {mean[best]:.3f}'
    if len(level) > 1:
        reason += f'; of those within {LEVEL} of the best none finds more shifted frames at its threshold'
    reason += f' ({detected[best]:.0%} found)'
    figures = {name: {**aurocs, 'mean': mean[name], 'detected': detected[name]} for name, aurocs in shift_auroc.items()}
    return best, SelectionReport(figures=figures, reason=f'{reason}.')


def _level_with_best(figures: Mapping[str, float]) -> list[str]:
    """In their order. Where nothing could be measured, all are level."""
    best = np.nanmax([0.0, *figures.values()]) - LEVEL
    return [name for name, value in figures.items() if value >= best] or list(figures)
