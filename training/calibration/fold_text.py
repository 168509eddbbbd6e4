# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the report and the model card say of calibration by cross-fitting."""

from dataclasses import asdict
from typing import Any

from training.calibration.calibrate_student import Calibration
from training.calibration.fold_scores import FoldScores
from uncd_ros.evaluation.markdown import table
from uncd_ros.evaluation.tables import false_alarms, fine, number


def cross_conformal_bound(rate: float, n: int, folds: int) -> float:
    """Largest false-alarm rate that CV+ leaves room for, with n exchangeable scores in K folds of one size.

    2 a + min(2 (1 - 1/K) / (n/K + 1), (1 - K/n) / (K + 1)): Barber, Candes, Ramdas and Tibshirani 2021, theorem 4.
    """
    excess = min(2 * (1 - 1 / folds) / (n / folds + 1), (1 - folds / n) / (folds + 1))
    return min(1.0, 2 * rate + max(0.0, excess))


def folds_content(calibration: Calibration) -> dict[str, Any] | None:
    """For report.json; None for a calibration on held-out drives."""
    if calibration.seen is None:
        return None
    return {
        'effective_n_of_one_drive': _of_one_drive(calibration),
        'bound': _bound(calibration),
        'seen': asdict(calibration.seen),
        'folds': [asdict(fold) for fold in calibration.folds],
    }


def folds_text(calibration: Calibration) -> str:
    """Markdown: what is promised, and two tables, of the folds and of the drives; empty where there are none."""
    if calibration.seen is None:
        return ''
    rate, seen = calibration.ood.false_alarm_rate, [fold.seen.median for fold in calibration.folds]
    return (
        f'- Gain by cross-fitting: the largest drive alone is worth {_of_one_drive(calibration)} independent frames, '
        f'all together {calibration.ood.effective_n}.\n'
        f'- Promise: cross-conformal prediction (CV+) bounds the false-alarm rate by 2 x {rate:.1%} and a rest for few '
        f'frames, together {_bound(calibration):.1%}, under two assumptions. Frames of a new drive are exchangeable '
        'with those of these drives. And the student of this model gives the scores that those of the folds would, '
        'for it was trained on all drives and they were not. On frames that each was trained on, its median score is '
        f'{calibration.seen.median:.3f}, and theirs are {min(seen):.3f} to {max(seen):.3f}.\n\n'
        'The student of each fold on the drives that it never saw, with quantiles of its image scores; `threshold` is '
        f'what these alone would set, `of the others` what all others set:\n\n{_folds_table(calibration.folds)}\n\n'
        'False alarms of each drive by the threshold that all other drives set:\n\n'
        f'{false_alarms(calibration.false_alarms)}\n'
    )


def _of_one_drive(calibration: Calibration) -> int:
    """Effective n of the best single holdout."""
    return max(drive.effective_n for drive in calibration.false_alarms.by_sequence.values())


def _bound(calibration: Calibration) -> float:
    rule = calibration.ood
    return cross_conformal_bound(rule.false_alarm_rate, rule.effective_n, len(calibration.folds))


def _folds_table(folds: tuple[FoldScores, ...]) -> str:
    rows = [
        (
            ', '.join(fold.sequences),
            str(fold.images),
            str(fold.effective_n),
            number(fold.miou),
            number(fold.ece),
            *map(fine, (fold.unseen.q05, fold.unseen.median, fold.unseen.q95, fold.threshold, fold.others_threshold)),
        )
        for fold in folds
    ]
    columns = ('drives', 'frames', 'effective n', 'mIoU', 'ECE', '5 %', 'median', '95 %', 'threshold', 'of the others')
    return table(columns, rows)
