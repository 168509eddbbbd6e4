# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Teach students that differ in named settings by one trained ensemble, and judge each on the calibration frames.

    python training/sweep.py --config training/configs/camvid.yaml --sweep training/configs/sweep_camvid.yaml
        [--key.subkey value ...]

A sweep is YAML: `common` holds settings of all students, `variants` those of each. Each student lies in
<run>/students/<variant>; a JSON and a Markdown file in <run>/sweeps, named after the sweep, compare them. The same
command goes on after a kill, and what is judged already is left alone.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.markdown import Markdown

from training.comparison.evaluate_args import Parser
from training.data.folds import check_sequences
from training.data.segdata import SegData, Splits, load_splits
from training.data.unlabelled import open_unlabelled
from training.fitting.loop import launch
from training.members.member import Member
from training.members.member_network import member_network
from training.members.member_store import load_members
from training.run.progress import console
from training.run.run_folder import claim, claim_student, sweep_folder
from training.run.settings import OTHERS, Settings, parse_settings
from training.teaching.teacher import Teacher
from training.teaching.teacher_network import ensemble_network
from training.teaching.train_student import train_student
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import BASELINE, STDS, STUDENT, TEACHER, EvaluatedModel, SplitEvaluator
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.network.student import Student

UNCERTAINTIES = ('entropy', *STDS)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One student of a sweep."""

    settings: Settings
    changed: dict[str, Any]
    """Dotted setting -> value: what tells this student from the others."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Students of one ensemble, to be compared."""

    name: str
    common: dict[str, Any]
    """Dotted setting -> value: where all of them depart from the configuration."""
    variants: dict[str, Variant]
    """By name; there is one at least."""

    @property
    def settings(self) -> Settings:
        """Of the first variant: what shapes the members is the same in all."""
        return next(iter(self.variants.values())).settings


@dataclass(frozen=True, kw_only=True)
class Row:
    """One network on the calibration frames."""

    miou: float
    ece: float
    error_auroc: dict[str, float]
    """Pixel uncertainty -> AUROC of finding wrong pixels by it."""
    spearman: dict[str, float]
    """Pixel uncertainty -> rank correlation with the teacher's; students alone have one."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, judge and compare. What can be refused is refused before the first student is trained."""
    sweep = read_sweep(arguments)
    settings = sweep.settings
    fabric = launch(settings)
    splits = load_splits(settings.data, settings.student)
    members = [member.to(fabric.device) for member in check(sweep.variants, splits)]
    # Decided once: a process that is behind the others must not see what they have judged meanwhile.
    judged = {name for name, variant in sweep.variants.items() if _judged(variant)}
    for name, variant in sweep.variants.items():
        if name in judged:
            console.print(f'{name}: judged already')
            continue
        console.print(f'{name}: {_said(variant.changed)}')
        student = train_student(fabric, members, splits.train, variant.settings)
        if fabric.global_rank == 0:
            _keep(variant, judge(student, members, splits.calibration))
            compare(sweep, splits.calibration)
    if fabric.global_rank == 0:
        console.print(Markdown(compare(sweep, splits.calibration)))


def read_sweep(arguments: Sequence[str] | None = None) -> Sweep:
    """What makes a variant wins over the command line, which wins over what all have in common."""
    parser = Parser(description='Teach many students by one ensemble.', epilog=OTHERS, allow_abbrev=False)
    parser.add_argument('--config', required=True, help='YAML file of settings')
    parser.add_argument('--sweep', required=True, type=Path, help='YAML file of what differs from student to student')
    given, rest = parser.parse_known_args(arguments)
    common, variants = _read(given.sweep)
    found = {}
    for name, changed in variants.items():
        try:
            own = _options(changed | {'variant': name})
            settings = parse_settings([f'--config={given.config}', *_options(common), *rest, *own])
        except ConfigError as error:
            raise ConfigError(f'{given.sweep}: {name}: {error}') from None
        found[name] = Variant(settings=settings, changed=changed)
    return Sweep(name=given.sweep.stem, common=common, variants=found)


def check(variants: Mapping[str, Variant], splits: Splits) -> list[Member]:
    """The members, all trained, which all variants share."""
    for variant in variants.values():
        claim(variant.settings)
        check_sequences(variant.settings, splits.train)
        open_unlabelled(variant.settings.distill.unlabelled)
    for variant in variants.values():
        claim_student(variant.settings)
    return load_members(next(iter(variants.values())).settings)


def judge(student: Student, members: list[Member], data: SegData) -> dict[str, Row]:
    """Student, teacher and single net before the same frames."""
    trial = SplitEvaluator(
        [
            EvaluatedModel(name=STUDENT, network=student_network(student), served='entropy', has_std=True),
            EvaluatedModel(name=TEACHER, network=ensemble_network(Teacher(members)), served='entropy', has_std=True),
            EvaluatedModel(name=BASELINE, network=member_network(members[0]), served='entropy', has_std=False),
        ],
        len(data.classes),
        examples=(),
    )
    for frame in _frames(data):
        trial.update(frame)
    return {
        each.name: Row(
            miou=trial.pixels[each.name].confusion.miou(),
            ece=trial.pixels[each.name].calibrated().ece,
            error_auroc={
                name: trial.pixels[each.name].error_detection(name).auroc
                for name in UNCERTAINTIES
                if name in each.uncertainties
            },
            spearman={name: agreement.spearman() for name, agreement in trial.agreement.get(each.name, {}).items()},
        )
        for each in trial.evaluated_models
    }


def compare(sweep: Sweep, data: SegData) -> str:
    """Write <run>/sweeps/<sweep>.json and .md of what is judged so far; the latter is returned."""
    found = {name: (variant.changed, _judged(variant)) for name, variant in sweep.variants.items()}
    judged = {name: {'changed': changed, **rows} for name, (changed, rows) in found.items() if rows}
    sequences = sorted(set(data.sequences))
    content = {'common': sweep.common, 'frames': len(data), 'sequences': sequences, 'variants': judged}
    text = (
        f'## Sweep: {sweep.name}\n\nStudents of {len(sweep.settings.members)} members, all with '
        f'{_said(sweep.common, "the settings of the run")}; judged on {len(data)} calibration frames '
        f'({", ".join(sequences)}), which nobody was trained on. What is chosen by them has to be confirmed elsewhere. '
        "AUROC is that of finding wrong pixels by an uncertainty, rho Spearman's rank correlation with the teacher.\n\n"
        f'{_table(judged)}\n'
    )
    folder = sweep_folder(sweep.settings.run_folder)
    folder.mkdir(exist_ok=True)
    (folder / f'{sweep.name}.json').write_text(json.dumps(content, indent=1) + '\n')
    (folder / f'{sweep.name}.md').write_text(text)
    return text


def _table(judged: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: rivals first, then a row a student."""
    heads = [f'AUROC {name}' for name in UNCERTAINTIES] + [f'rho {name}' for name in STDS]
    lines = [f'| network | what differs | mIoU | ECE | {" | ".join(heads)} |', '|---' * (4 + len(heads)) + '|']
    first = next(iter(judged.values()))
    rows = [('teacher', 'all members', first[TEACHER]), ('baseline', 'the first member', first[BASELINE])]
    rows += [(f'`{name}`', _said(each['changed']), each[STUDENT]) for name, each in judged.items()]
    for name, said, row in rows:
        values = [row['miou'], row['ece'], *(row['error_auroc'].get(key) for key in UNCERTAINTIES)]
        values += [row['spearman'].get(key) for key in STDS]
        cells = ['-' if value is None else f'{value:.3f}' for value in values]
        lines.append(f'| {name} | {said} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def _said(changed: dict[str, Any], if_nothing: str = 'nothing') -> str:
    return ', '.join(f'{key.removeprefix("distill.")} {_text(value)}' for key, value in changed.items()) or if_nothing


def _keep(variant: Variant, rows: Mapping[str, Row]) -> None:
    content = {'wise_ft_alpha': variant.settings.distill.wise_ft_alpha} | {
        who: asdict(row) for who, row in rows.items()
    }
    (variant.settings.student_folder / 'judgement.json').write_text(json.dumps(content, indent=1) + '\n')


def _judged(variant: Variant) -> dict[str, Any]:
    """Rows of a variant; none if it was not judged yet, or with weights that were blended otherwise."""
    path = variant.settings.student_folder / 'judgement.json'
    content: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return content if content.pop('wise_ft_alpha', 1.0) == variant.settings.distill.wise_ft_alpha else {}


def _frames(data: SegData) -> Iterator[LabelledFrame]:
    for index, name in enumerate(data.names):
        yield LabelledFrame(
            image=data.images[index].permute(1, 2, 0).contiguous().numpy(),
            labels=data.labels[index].numpy(),
            name=name,
            sequence=data.sequences[index],
        )


def _options(changed: dict[str, Any]) -> list[str]:
    return [f'--{key}={_text(value)}' for key, value in changed.items()]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Common settings, and those of each variant."""
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror}), expected a sweep') from None
    except yaml.YAMLError as error:
        raise ConfigError(f'{path}: not YAML ({" ".join(str(error).split())})') from None
    known = isinstance(content, dict) and set(content) <= {'common', 'variants'}
    variants = content.get('variants') if known else None
    if not (isinstance(variants, dict) and variants and all(isinstance(each, dict) for each in variants.values())):
        raise ConfigError(f'{path}: no sweep, expected {{common: {{key: value}}, variants: {{name: {{key: value}}}}}}')
    return content.get('common', {}), variants


if __name__ == '__main__':
    try:
        main()
    except UncdError as error:
        sys.exit(f'error: {error}')
