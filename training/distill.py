# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From labelled images to a model folder: ensemble, student, calibration, report.

    python training/distill.py --config training/configs/camvid.yaml [--key.subkey value ...]

After a kill at any moment the same command resumes, and at most one epoch is lost.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence

from rich.markdown import Markdown

from training.calibration.assessment import Assessment, assess
from training.calibration.calibrate_student import Calibration, assess_calibrated, calibrate, transfer
from training.calibration.fold_models import save_fold_models
from training.calibration.training_report import model_card_text, write_contact_sheet, write_report
from training.calibration.unseen import CalibrationFold
from training.data.cache import cache_splits
from training.data.folds import DriveFold, drive_folds, held_out
from training.data.inspection import check_data
from training.data.labelled_frames import LabelledFrames
from training.data.splits import PROJECT, Splits, load_splits
from training.data.unlabelled import open_unlabelled
from training.fitting.loop import launch
from training.members.disagreement import report_ensemble, report_path
from training.members.member import Member
from training.members.member_network import member_network
from training.run.progress import console
from training.run.run_folder import claim, claim_student, recorded
from training.run.settings import Settings, parse_settings
from training.teaching.fold_student import fold_settings, train_fold_student
from training.teaching.objectives import make_objective
from training.teaching.teacher import Teacher
from training.teaching.teacher_network import ensemble_network
from training.teaching.teachers import load_single, train_teacher
from training.teaching.train_student import train_student
from uncd_ros.errors import UncdError
from uncd_ros.model.card import ModelCard, Provenance
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model, save_model
from uncd_ros.network.student import Student
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, WITHOUT_STD


def distill(settings: Settings) -> None:
    """The main path."""
    fabric = launch(settings)
    splits = load_splits(settings.data, settings.student)
    folds = drive_folds(settings, splits)
    claim(settings)
    claim_student(settings)
    # What cannot be opened is refused before hours of training.
    open_unlabelled((*settings.distill.unlabelled, *settings.calibration.ood_sets))

    check_data(splits)
    splits = cache_splits(splits, settings.data.cache, settings.devices)

    networks = train_teacher(fabric, splits.train, settings)
    if fabric.global_rank == 0:
        count = len(networks)
        for group in held_out(settings, splits, range(count)):
            path = report_path(settings.run_folder, group.members, count)
            report_ensemble({index: networks[index] for index in group.members}, group.frames, path)
    single = load_single(settings, fabric.device)
    student = train_student(fabric, single, networks, splits.train, settings)
    fold_students = [
        train_fold_student(fabric, number, fold, networks, splits.train, settings) for number, fold in enumerate(folds)
    ]

    if fabric.global_rank == 0:
        unseen_folds = calibration_folds(dict(zip(folds, fold_students, strict=True)), splits)
        calibration = calibrate_student(student, unseen_folds, splits, settings)
        assessed = {('val', 'student'): assess_calibrated(student, splits.val, calibration)}
        assessed['calibration', 'student'] = calibration.assessed
        assessed |= assess_others('val', [(single, networks, splits.val)])
        teachers = [[networks[index] for index in fold.members] for fold in folds]
        unseen = [(each[0], each, fold.select(splits.train)) for each, fold in zip(teachers, folds, strict=True)]
        assessed |= assess_others('calibration', unseen or [(single, networks, splits.calibration)])
        card = save_student(student, splits, settings, assessed, calibration)
        plans = [fold_settings(settings, fold, splits.train) for fold in folds]
        save_fold_models(settings.student_folder / 'folds', unseen_folds, plans, card, calibration)


def calibration_folds(fold_students: Mapping[DriveFold, Student], splits: Splits) -> list[CalibrationFold]:
    """Each fold's student, with the frames that it knows and those that it does not."""
    return [
        CalibrationFold(
            student=fold_student, train=splits.train.excluding(fold.sequences), unseen=fold.select(splits.train)
        )
        for fold, fold_student in fold_students.items()
    ]


def calibrate_student(
    student: Student, folds: Sequence[CalibrationFold], splits: Splits, settings: Settings
) -> Calibration:
    """Calibrate on the drives of `data.holdout`, or where there are none on all drives, by the students of folds."""
    whole = CalibrationFold(student=student, train=splits.train, unseen=splits.calibration)
    candidates = make_objective(settings.distill).uncertainties
    calibration = calibrate(folds or [whole], settings.data.dataset, settings.calibration, candidates)
    return transfer(calibration, student, splits.train) if folds else calibration


def assess_others(
    split: str, groups: Sequence[tuple[Member, Sequence[Member], LabelledFrames]]
) -> dict[tuple[str, str], Assessment]:
    """Baseline and teacher of each group on its frames, all groups together."""
    console.print(f'assessing {sum(len(frames) for _, _, frames in groups)} {split} frames')
    singles = [(member_network(single), frames) for single, _, frames in groups]
    teachers = [(ensemble_network(Teacher(networks)), frames) for _, networks, frames in groups]
    return {
        (split, 'baseline'): assess(singles, WITHOUT_STD),
        (split, 'teacher'): assess(teachers, tuple(PIXEL_UNCERTAINTIES)),
    }


def save_student(
    student: Student,
    splits: Splits,
    settings: Settings,
    assessed: dict[tuple[str, str], Assessment],
    calibration: Calibration,
) -> ModelCard:
    """Write the model folder, load it back as the robot would, and show what it says; returns its card."""
    folder = settings.model_folder
    card = ModelCard(
        name=settings.name,
        student=settings.student,
        classes=splits.train.classes,
        **calibration.card_fields(),
        provenance=Provenance(
            config=recorded(settings),
            seeds=tuple(plan.seed for plan in settings.members),
            source_commit=_source_commit(),
            data_fingerprint=splits.train.fingerprint(),
        ),
        metrics=calibration.metrics(assessed['val', 'student']),
    )
    save_model(folder, student, card, model_card_text(card, settings, assessed, calibration))
    write_report(settings.student_folder, assessed, calibration)
    predictor = Predictor(load_model(folder))
    write_contact_sheet(settings.student_folder / 'contact_sheet.png', predictor, splits.val)
    console.print(Markdown((settings.student_folder / 'report.md').read_text()))
    console.print(f'model: {folder}\nreport: {settings.student_folder}/report.md, contact_sheet.png')
    return predictor.card


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
