# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the students of a sweep compare on the calibration frames: kept student by student, shown as one table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.comparison.sweep_file import Sweep, Variant, describe
from training.data.labelled_frames import LabelledFrames
from training.members.member import Member
from training.members.member_network import member_network
from training.run.run_folder import sweep_folder
from training.teaching.objectives import make_objective
from training.teaching.teacher import Teacher
from training.teaching.teacher_network import ensemble_network
from uncd_ros.durable import write_durably
from uncd_ros.evaluation.markdown import table
from uncd_ros.evaluation.split_evaluator import BASELINE, STUDENT, TEACHER, EvaluatedModel, SplitEvaluator
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.network.student import Student
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, STDS, WITHOUT_STD

UNCERTAINTIES = ('entropy', *STDS)
"""Pixel uncertainties that a sweep compares."""


@dataclass(frozen=True, kw_only=True)
class SweepRow:
    """One network on the calibration frames."""

    miou: float
    ece: float
    """Expected calibration error, in [0, 1]."""
    error_auroc: dict[str, float]
    """Pixel uncertainty -> AUROC of finding wrong pixels by it."""
    spearman: dict[str, float]
    """Pixel uncertainty -> rank correlation with the teacher's, in [-1, 1]; empty for all but students."""


def evaluate_student(
    student: Student, single: Member, networks: Sequence[Member], data: LabelledFrames, variant: Variant
) -> dict[str, SweepRow]:
    """Student, teacher and single net on the same frames, by name."""
    known = {
        STUDENT: (student_network(student), make_objective(variant.settings.distill).uncertainties),
        TEACHER: (ensemble_network(Teacher(networks)), PIXEL_UNCERTAINTIES),
        BASELINE: (member_network(single), WITHOUT_STD),
    }
    models = [
        EvaluatedModel(name=name, network=network, served='entropy', known=tuple(uncertainties))
        for name, (network, uncertainties) in known.items()
    ]
    evaluator = SplitEvaluator(models, len(data.classes), examples=())
    for frame in data:
        evaluator.update(frame)
    return {model.name: _row(evaluator, model) for model in models}


def _row(evaluator: SplitEvaluator, model: EvaluatedModel) -> SweepRow:
    pixels, agreements = evaluator.pixels[model.name], evaluator.agreement.get(model.name, {})
    return SweepRow(
        miou=pixels.confusion.miou(),
        ece=pixels.calibrated().ece,
        error_auroc={name: pixels.error_detection(name).auroc for name in UNCERTAINTIES if name in model.uncertainties},
        spearman={name: agreement.spearman() for name, agreement in agreements.items()},
    )


def keep(variant: Variant, rows: Mapping[str, SweepRow]) -> None:
    """Write evaluation.json beside the student's checkpoint."""
    content = {'wise_ft_alpha': variant.settings.distill.wise_ft_alpha} | {
        name: asdict(row) for name, row in rows.items()
    }
    write_durably(_path(variant), (json.dumps(content, indent=1) + '\n').encode())


def kept(variant: Variant) -> dict[str, Any]:
    """Network -> row, as JSON; empty if the student was not evaluated yet, or with another wise_ft_alpha."""
    path = _path(variant)
    content: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return content if content.pop('wise_ft_alpha', None) == variant.settings.distill.wise_ft_alpha else {}


def compare(sweep: Sweep, data: LabelledFrames) -> str:
    """Write <run>/sweeps/<sweep>.json and .md about the students that are evaluated; return the latter."""
    evaluated = {
        name: {'changed': variant.changed, **rows}
        for name, variant in sweep.variants.items()
        if (rows := kept(variant))
    }
    sequences = sorted(set(data.sequences))
    content = {'common': sweep.common, 'frames': len(data), 'sequences': sequences, 'variants': evaluated}
    text = (
        f'## Sweep: {sweep.name}\n\nAll students have the same {len(sweep.settings.members)} members as teacher, and '
        f'{describe(sweep.common, "the settings of the run")}. They are evaluated on {len(data)} calibration frames '
        f'({", ".join(sequences)}), which no network was trained on. A choice that is made by this table needs other '
        "frames to confirm it. AUROC is that of finding wrong pixels by an uncertainty; rho is Spearman's rank "
        f'correlation with the same uncertainty of the teacher.\n\n{_table(evaluated)}\n'
    )
    folder = sweep_folder(sweep.settings.run_folder)
    folder.mkdir(exist_ok=True)
    write_durably(folder / f'{sweep.name}.json', (json.dumps(content, indent=1) + '\n').encode())
    write_durably(folder / f'{sweep.name}.md', text.encode())
    return text


def _table(evaluated: Mapping[str, Mapping[str, Any]]) -> str:
    """Teacher and baseline first, then one row per student."""
    first = next(iter(evaluated.values()))
    rows = [
        _cells('teacher', 'all members', first[TEACHER]),
        _cells('baseline', 'the first member', first[BASELINE]),
    ]
    rows += [_cells(name, describe(each['changed']), each[STUDENT]) for name, each in evaluated.items()]
    columns = [f'AUROC {name}' for name in UNCERTAINTIES] + [f'rho {name}' for name in STDS]
    return table(('network', 'what differs', 'mIoU', 'ECE', *columns), rows)


def _cells(name: str, differs: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    values = [row['miou'], row['ece'], *(row['error_auroc'].get(key) for key in UNCERTAINTIES)]
    values += [row['spearman'].get(key) for key in STDS]
    return (name, differs, *('-' if value is None else f'{value:.3f}' for value in values))


def _path(variant: Variant) -> Path:
    return variant.settings.student_folder / 'evaluation.json'
