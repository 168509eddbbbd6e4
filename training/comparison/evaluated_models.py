# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who takes part in an evaluation: student, teacher, and the single net as it is and at its best temperature."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch

from training.calibration.temperature import fit_temperature
from training.comparison.evaluate_args import EvaluateArgs
from training.data.labelled_frames import LabelledFrames
from training.members.member_network import member_network
from training.run.run_folder import load_run
from training.run.settings import Settings
from training.teaching.teacher import Teacher
from training.teaching.teacher_network import ensemble_network
from training.teaching.teachers import describe_teacher, for_teaching, load_single, load_teacher
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.split_evaluator import BASELINE, SCALED, TEACHER, EvaluatedModel
from uncd_ros.evaluation.student_model import student_model
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import StoredModel
from uncd_ros.model.torch_engine import choose_device
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, STDS, WITHOUT_STD


def evaluated_models(
    args: EvaluateArgs, model: StoredModel, calibration: Callable[[Settings], LabelledFrames]
) -> tuple[EvaluatedModel, ...]:
    """The student first, then the ensemble and the single net where the command line names their runs.

    Of a run whose members taught several students, those of a fold, they are the members that taught this one.
    `calibration` gives the frames that the first member of a run was not trained on.
    """
    device = choose_device(args.device)
    models = [student_model(Predictor(model, device=args.device))]
    if args.teacher:
        models.append(_teacher(args.teacher, model, device))
    if args.baseline:
        models += _baselines(args.baseline, model, device, calibration)
    return tuple(models)


def _teacher(run: Path, model: StoredModel, device: torch.device) -> EvaluatedModel:
    """The members of a run together."""
    settings = _matching_run(run, model)
    some = _of_fold(settings, model)
    networks = [for_teaching(load_single(settings, device, index)) for index in some] or load_teacher(settings, device)
    who = f'members {", ".join(map(str, some))}, which taught the model,' if some else describe_teacher(settings)
    return EvaluatedModel(
        name=TEACHER,
        network=ensemble_network(Teacher(networks)),
        served=model.card.uncertainty.name,
        known=tuple(PIXEL_UNCERTAINTIES),
        note=f'{who} of the run `{settings.name}`.',
    )


def _baselines(
    run: Path, model: StoredModel, device: torch.device, calibration: Callable[[Settings], LabelledFrames]
) -> tuple[EvaluatedModel, EvaluatedModel]:
    """The first member of a run alone, and again after temperature scaling on the run's calibration frames."""
    settings = _matching_run(run, model)
    some = _of_fold(settings, model)
    member = load_single(settings, device, some[0] if some else 0)
    frames = calibration(
        replace(settings, members=tuple(settings.members[index] for index in some) or settings.members)
    )
    temperature = fit_temperature([(member_network(member), frames)]).value
    served = 'entropy' if model.card.uncertainty.name in STDS else model.card.uncertainty.name
    alone = EvaluatedModel(
        name=BASELINE,
        network=member_network(member),
        served=served,
        known=WITHOUT_STD,
        note=f'{"the first of these members" if some else "the first member"} of the run `{settings.name}`.',
    )
    scaled = replace(
        alone,
        name=SCALED,
        network=member_network(member, temperature),
        note=f'the same member, its logits divided by T = {temperature:.2f}, which fits {len(frames)} frames of the '
        'calibration sequences best. Error detection by max logit does not depend on T.',
    )
    return alone, scaled


def _of_fold(settings: Settings, model: StoredModel) -> list[int]:
    """Numbers of the members that taught the model, where it was some of the run's and not all; empty otherwise."""
    taught = [json.dumps(plan, sort_keys=True) for plan in model.card.provenance.config.get('members', [])]
    plans = [json.dumps(asdict(plan), sort_keys=True) for plan in settings.members]
    some = [index for index, plan in enumerate(plans) if plan in taught]
    return some if len(some) < len(plans) else []


def _matching_run(run: Path, model: StoredModel) -> Settings:
    """Settings of a run whose networks have as many classes as the model. Raises ConfigError for another."""
    settings = load_run(run)
    classes, expected = settings.student.num_classes, model.card.student.num_classes
    if classes != expected:
        raise ConfigError(f'{run}: networks of {classes} classes, expected {expected} as the model has')
    return settings
