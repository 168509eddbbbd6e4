# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Runs that are to be compared: their settings and the reports of their evaluations, checked to be comparable."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.run.run_folder import load_student_settings
from training.run.settings import Settings
from uncd_ros.errors import ConfigError
from uncd_ros.model.find import CARD
from uncd_ros.model.store import load_card

EVALUATION = 'evaluation'
"""Folder of a run in which its report is looked for."""


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One student with the report about it."""

    folder: Path
    settings: Settings
    report: dict[str, Any]
    """Content of report.json, as training/evaluate.py writes it."""

    @property
    def data(self) -> dict[str, Any]:
        """What it was evaluated on."""
        return {key: self.report['data'][key] for key in ('name', 'split', 'images', 'sequences', 'every')}

    @property
    def classes(self) -> list[str]:
        """Names, by id."""
        return list(self.report['segmentation']['per_class'])

    @property
    def ood_sets(self) -> list[str]:
        """Names of the sets of out-of-distribution images."""
        return sorted(self.report['image_ood'])


def read_run(folder: Path) -> ComparedRun:
    """A run by its folder, or that of a variant. Raises ConfigError for none, or one without a report of its own."""
    settings, path = load_student_settings(folder), folder / EVALUATION / 'report.json'
    try:
        report = json.loads(path.read_text())
    except OSError:
        command = f'training/evaluate.py {folder}/model ... --out {path.parent}'
        raise ConfigError(f'{path}: not found, expected the report of this run; evaluate it by: {command}') from None
    except ValueError as error:
        raise ConfigError(f'{path}: not JSON ({error})') from None
    run = ComparedRun(folder=folder, settings=settings, report=report)
    _check_report(run, path)
    return run


def _check_report(run: ComparedRun, path: Path) -> None:
    """Whether a report is one, and about this run's student as it is now."""
    try:
        _ = run.data, run.classes, run.ood_sets
        evaluated = run.report['model']['weights_sha256']
    except (KeyError, TypeError) as error:
        raise ConfigError(f'{path}: no {error}, expected a report as training/evaluate.py writes') from None
    model = run.folder / 'model'
    if (model / CARD).is_file() and (expected := load_card(model).weights_sha256) != evaluated:
        raise ConfigError(
            f'{path}: about weights {str(evaluated)[:12]}, expected {expected[:12]} as in {model}; evaluate it again'
        )


def check_comparable(runs: Sequence[ComparedRun]) -> None:
    """Raise ConfigError unless all were evaluated on the same data, in the same classes."""
    first, *others = runs
    for run in others:
        for what in ('classes', 'data', 'ood_sets'):
            value, expected = getattr(run, what), getattr(first, what)
            if value != expected:
                raise ConfigError(
                    f'{run.folder}: {_TITLES[what]} are {_text(value)}, expected {_text(expected)} as in {first.folder}'
                )


_TITLES = {'classes': 'classes', 'data': 'the data it was evaluated on', 'ood_sets': 'out-of-distribution sets'}


def _text(value: Any) -> str:
    """One line for a person."""
    if isinstance(value, dict):
        every = f', every {value["every"]}th' if value['every'] > 1 else ''
        return f'{value["name"]} {value["split"]}, {value["images"]} images of {", ".join(value["sequences"])}{every}'
    return ', '.join(value) or 'none'
