# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From labelled images to a model folder: ensemble, student, calibration, report.

    python training/distill.py --config training/configs/camvid.yaml [--key.subkey value ...]

Killed at any moment, the same command goes on and loses at most one epoch.
"""

import subprocess
import sys
from dataclasses import asdict

import torch
from lightning_fabric import Fabric
from rich.markdown import Markdown
from torch import Tensor, nn

from allocator import keep_freed_memory
from assess import Assessment, assess
from calibrate import Calibration, calibrate
from ensemble import train_members
from fitting import fit
from networks import ensemble_network, member_network
from objectives import HolderLoss
from progress import console
from report import write_contact_sheet, write_model_card, write_report
from run_folder import claim
from segdata import PROJECT, Splits, load_splits
from settings import Settings, parse_settings
from teacher import Teacher
from uncd_ros.errors import UncdError
from uncd_ros.evaluation.student import student_network
from uncd_ros.model_card import FORMAT_VERSION, ModelCard, Provenance
from uncd_ros.model_store import load_model, save_card, save_weights
from uncd_ros.predictor import Predictor
from uncd_ros.scores import PIXEL_UNCERTAINTIES
from uncd_ros.student import Student


def distill(settings: Settings) -> None:
    """The main path."""
    keep_freed_memory()
    fabric = Fabric(accelerator='auto', devices=settings.devices, precision=settings.precision)
    fabric.launch()
    console.quiet = fabric.global_rank != 0
    splits = load_splits(settings.data, settings.student)
    claim(settings)

    members = train_members(fabric, splits.train, settings)
    teacher = Teacher(members, settings.distill.temperature)
    student = train_student(fabric, teacher, splits, settings)

    if fabric.global_rank == 0:
        assessed = assess_all(student, teacher, splits)
        calibration = calibrate(student, splits.calibration, assessed['calibration', 'student'], settings.calibration)
        save_model(student, splits, settings, assessed, calibration)


def train_student(fabric: Fabric, teacher: Teacher, splits: Splits, settings: Settings) -> Student:
    """The first member's trunk with fresh heads, taught the ensemble's mean and spread on each augmented view."""
    torch.manual_seed(settings.init_seed)
    student = Student(settings.student)
    student.trunk.load_state_dict(teacher.members[0].trunk.state_dict())
    plan = settings.distill
    objective = HolderLoss(temperature=plan.temperature, alpha=plan.alpha, beta=plan.beta)

    def loss(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        x = network.normalise(images)
        return objective(network(x), teacher(x), labels)

    trained: Student = fit(fabric, 'student', student, loss, splits.train, settings, settings.student_fit)
    return trained


def assess_all(student: Student, teacher: Teacher, splits: Splits) -> dict[tuple[str, str], Assessment]:
    """Student, baseline and teacher side by side, on frames no network trained on."""
    everything = tuple(PIXEL_UNCERTAINTIES)
    assessed = {}
    for split, data in (('val', splits.val), ('calibration', splits.calibration)):
        console.print(f'assessing {len(data)} {split} frames')
        assessed[split, 'student'] = assess(student_network(student), data, everything)
        assessed[split, 'baseline'] = assess(member_network(teacher.members[0]), data, ('entropy',))
        assessed[split, 'teacher'] = assess(ensemble_network(teacher), data, everything)
    return assessed


def save_model(
    student: Student,
    splits: Splits,
    settings: Settings,
    assessed: dict[tuple[str, str], Assessment],
    calibration: Calibration,
) -> None:
    """Write the model folder, load it back as the robot would, and show what it says."""
    folder = settings.model_folder
    checksum = save_weights(folder, student)
    card = ModelCard(
        format_version=FORMAT_VERSION,
        name=settings.name,
        student=settings.student,
        classes=splits.train.classes,
        uncertainty=calibration.uncertainty,
        image_score=calibration.image_score,
        ood=calibration.ood,
        provenance=Provenance(
            config=asdict(settings),
            seeds=tuple(plan.seed for plan in settings.members),
            source_commit=_source_commit(),
            data_fingerprint=splits.train.fingerprint(),
        ),
        metrics={f'{split}_miou': assessed[split, 'student'].miou for split in ('val', 'calibration')}
        | {f'{split}_ece': assessed[split, 'student'].ece for split in ('val', 'calibration')},
        weights_sha256=checksum,
    )
    save_card(folder, card)
    write_model_card(folder, card, settings, assessed, calibration)
    write_report(settings.run_folder, assessed, calibration)
    write_contact_sheet(settings.run_folder / 'contact_sheet.png', Predictor(load_model(folder)), splits.val)
    console.print(Markdown((settings.run_folder / 'report.md').read_text()))
    console.print(f'model: {folder}\nreport: {settings.run_folder}/report.md, contact_sheet.png')


def _source_commit() -> str:
    """Commit of the code, with '-dirty' where it was changed since; 'unknown' outside git."""
    git = ['git', '-C', str(PROJECT), 'describe', '--always', '--dirty', '--abbrev=40', '--exclude', '*']
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip() or 'unknown'


if __name__ == '__main__':
    try:
        distill(parse_settings())
    except UncdError as error:
        sys.exit(f'error: {error}')
