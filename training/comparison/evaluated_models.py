# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who takes part in an evaluation: student, teacher, and the single net as it is and at its best temperature."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from training.calibration.temperature import fit_temperature
from training.data.labelled_frames import LabelledFrames
from training.members.member_network import member_network
from training.members.member_store import load_members
from training.run.run_folder import load_run
from training.run.settings import Settings
from training.teaching.teacher import Teacher
from training.teaching.teacher_network import ensemble_network
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.split_evaluator import BASELINE, SCALED, STDS, TEACHER, EvaluatedModel
from uncd_ros.evaluation.student_model import student_model
from uncd_ros.model.store import StoredModel


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """A evaluated_model, and what a reader must know about it."""

    evaluated_model: EvaluatedModel
    note: str = ''


def student_entrant(model: StoredModel, device: torch.device) -> Entrant:
    """The model under judgement."""
    return Entrant(evaluated_model=student_model(model, device))


def teacher_entrant(run: Path, model: StoredModel, device: torch.device) -> Entrant:
    """All members of a run together."""
    settings = _matching_run(run, model)
    teacher = Teacher([member.to(device) for member in load_members(settings)])
    return Entrant(
        evaluated_model=EvaluatedModel(
            name=TEACHER, network=ensemble_network(teacher), served=model.card.uncertainty.name, has_std=True
        ),
        note=f'the {len(teacher.members)} members of the run `{settings.name}`.',
    )


def baseline_entrants(
    run: Path, model: StoredModel, device: torch.device, calibration: Callable[[Settings], LabelledFrames]
) -> tuple[Entrant, Entrant]:
    """The first member of a run alone, and again after temperature scaling on the run's calibration frames."""
    settings = _matching_run(run, model)
    member = load_members(settings, count=1)[0].to(device)
    frames = calibration(settings)
    temperature = fit_temperature(member_network(member), (frames[index] for index in range(len(frames)))).value
    served = model.card.uncertainty.name
    alone = 'entropy' if served in STDS else served
    plain, scaled = (
        EvaluatedModel(name=name, network=member_network(member, divisor), served=alone, has_std=False)
        for name, divisor in ((BASELINE, 1.0), (SCALED, temperature))
    )
    return (
        Entrant(evaluated_model=plain, note=f'the first member of the run `{settings.name}`.'),
        Entrant(
            evaluated_model=scaled,
            note=f'the same, its logits over T = {temperature:.2f}, which fits {len(frames)} frames of the calibration '
            'sequences best. Error detection by max logit does not depend on T.',
        ),
    )


def _matching_run(run: Path, model: StoredModel) -> Settings:
    """Settings of a run whose networks tell the model's classes apart."""
    settings = load_run(run)
    found, expected = settings.student.num_classes, model.card.student.num_classes
    if found != expected:
        raise ConfigError(f'{run}: networks of {found} classes, expected {expected} as the model has')
    return settings
