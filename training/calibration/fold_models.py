# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Students of folds as model folders: what is measured on drives that a model was trained on is measured with these."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training.calibration.calibrate_student import Calibration, calibration_data
from training.calibration.training_report import LIMITS
from training.calibration.unseen import CalibrationFold
from training.run.run_folder import recorded
from training.run.settings import Settings
from uncd_ros.model.card import ModelCard, Provenance
from uncd_ros.model.store import save_model


def save_fold_models(
    folder: Path, folds: Sequence[CalibrationFold], settings: Sequence[Settings], shipped: ModelCard, found: Calibration
) -> None:
    """Write folder/<drives>, a model a fold, each with the settings of its student, as one whose drives are a holdout.

    They have all that the shipped model has from calibration, `found`, but for the threshold: that of each comes from
    the other folds, so that false alarms on its drives may be counted.
    """
    for fold, plan, rule in zip(folds, settings, found.others, strict=True):
        drives = tuple(sorted(set(fold.unseen.sequences)))
        name = f'{shipped.name}_without_{"_".join(drives)}'
        card = replace(
            shipped,
            name=name,
            ood=rule,
            calibration_data=calibration_data(plan.data.dataset, fold.unseen),
            provenance=Provenance(
                config=recorded(replace(plan, data=replace(plan.data, holdout=drives))),
                seeds=tuple(member.seed for member in plan.members),
                source_commit=shipped.provenance.source_commit,
                data_fingerprint=fold.train.fingerprint(),
            ),
            metrics={},
        )
        save_model(folder / '_'.join(drives), fold.student, card, _document(name, shipped.name, drives))


def _document(name: str, shipped: str, drives: Sequence[str]) -> str:
    return (
        f'# Model card: {name}\n\n'
        f'A student as {shipped} is one, but neither it nor its teachers were trained on {", ".join(drives)}. What is '
        f'measured of it there is what {shipped} is expected to do on a new drive. Its threshold comes from the other '
        f'drives, by other students.\n\n{LIMITS}\n\n'
        f'- It is there to be evaluated: for a robot, take {shipped}, which knows more drives.\n'
    )
