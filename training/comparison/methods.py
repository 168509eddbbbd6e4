# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Methods of a comparison: evaluated networks of the same settings but for seeds, and what they have measured."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from training.comparison.compared_runs import ComparedRun
from training.run.run_folder import ensemble_shape, flat, student_shape
from training.run.settings import Settings
from uncd_ros.evaluation.names import MODEL_NAMES
from uncd_ros.evaluation.split_evaluator import BASELINE, SCALED, STUDENT, TEACHER

Block = Mapping[str, Any]
"""Of a report, about one network on one split."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A figure of a report."""

    title: str
    read: Callable[[Block], float | None]
    """None where this network or these data have none."""
    digits: int = 3


def _mean_ood(block: Block) -> float | None:
    """Mean over the OOD sets of the AUROC of the served image score."""
    aurocs = [ood['auroc']['served'] for ood in block['image_ood'].values()]
    return fmean(aurocs) if aurocs and None not in aurocs else None


METRICS = {
    'miou': Metric(title='mIoU', read=lambda block: block['segmentation']['miou']),
    'dsc': Metric(title='DSC', read=lambda block: block['segmentation']['dsc']),
    'mcc': Metric(title='MCC', read=lambda block: block['segmentation']['mcc']),
    'ece': Metric(title='ECE', read=lambda block: block['calibration']['ece']),
    'nll': Metric(title='NLL', read=lambda block: block['calibration']['nll']),
    'brier': Metric(title='Brier', read=lambda block: block['calibration']['brier']),
    'munc': Metric(title='mUnc', read=lambda block: block['segmentation']['munc'], digits=4),
    'error_auroc': Metric(title='error AUROC', read=lambda block: block['error_detection']['served']['auroc']),
    'aurc': Metric(title='AURC', read=lambda block: block['error_detection']['served']['aurc'], digits=4),
    'p_accurate_certain': Metric(title='p(acc|cert)', read=lambda block: block['p_accurate_certain']),
    'p_uncertain_inaccurate': Metric(title='p(unc|inacc)', read=lambda block: block['p_uncertain_inaccurate']),
    'pavpu': Metric(title='PAvPU', read=lambda block: block['patches']['pavpu']),
    'ood_auroc': Metric(title='OOD AUROC', read=_mean_ood),
    'milliseconds': Metric(title='ms a pass', read=lambda block: block['milliseconds'], digits=0),
}
"""Key in comparison.json -> metric."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """A row: some networks that differ in seeds alone."""

    name: str
    folders: tuple[str, ...]
    """Of the runs, one for each choice of seeds."""
    blocks: tuple[Block, ...]
    """Of their reports."""

    def values(self, metric: str) -> list[float]:
        """Of each choice of seeds that has this figure."""
        found = (METRICS[metric].read(block) for block in self.blocks)
        return [value for value in found if value is not None]

    def retention(self) -> list[tuple[float, list[float]]]:
        """Share of the most uncertain pixels that is dropped -> mIoU of the rest, of each choice of seeds."""
        points = zip(*(block['retention'] for block in self.blocks), strict=True)
        return [(point[0]['dropped'], [each['miou'] for each in point]) for point in points]


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation; None for the latter where there is one value."""
    return fmean(values), stdev(values) if len(values) > 1 else None


def methods_of(runs: Sequence[ComparedRun]) -> list[Method]:
    """Students first, in their order, then teachers and single nets; what several runs share counts once."""
    methods = []
    for network, shape, name in (
        (STUDENT, student_shape, lambda settings: f'{settings.distill.objective}, {_teacher(settings)}'),
        (TEACHER, ensemble_shape, lambda settings: f'teacher: {_teacher(settings)}'),
        (BASELINE, ensemble_shape, lambda _: MODEL_NAMES[BASELINE]),
        (SCALED, ensemble_shape, lambda _: MODEL_NAMES[SCALED]),
    ):
        methods += _grouped(runs, network, shape, name)
    return methods


def _grouped(
    runs: Iterable[ComparedRun],
    network: str,
    shape: Callable[[Settings], dict[str, Any]],
    name: Callable[[Settings], str],
) -> list[Method]:
    """One method for all runs whose shape is alike but for seeds."""
    groups: dict[str, dict[str, ComparedRun]] = defaultdict(dict)
    for run in runs:
        if network == STUDENT or network in run.report:
            whole = _settings(shape(run.settings))
            groups[json.dumps(_without_seeds(whole))].setdefault(json.dumps(whole), run)
    names = _names({key: name(next(iter(group.values())).settings) for key, group in groups.items()})
    return [
        Method(
            name=names[key],
            folders=tuple(str(run.folder) for run in group.values()),
            blocks=tuple(run.report if network == STUDENT else run.report[network] for run in group.values()),
        )
        for key, group in groups.items()
    ]


def _settings(shape: dict[str, Any]) -> dict[str, Any]:
    """Dotted key -> value, as JSON knows them."""
    return dict(flat(json.loads(json.dumps(shape))))


def _without_seeds(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key.rpartition('.')[2] not in ('seed', 'init_seed')}


def _names(names: dict[str, str]) -> dict[str, str]:
    """Names that differ: to those that are alike, the settings in which their methods do are added."""
    alike = defaultdict(list)
    for key, name in names.items():
        alike[name].append(json.loads(key))
    told = {}
    for key, name in names.items():
        own, others = json.loads(key), alike[name]
        differing = [setting for setting in own if any(other.get(setting) != own[setting] for other in others)]
        told[key] = ', '.join([name, *(f'{setting} {own[setting]}' for setting in differing)])
    return told


def _teacher(settings: Settings) -> str:
    if settings.teacher.kind == 'ensemble':
        return f'ensemble of {len(settings.members)}'
    return f'{settings.teacher.kind} of {settings.teacher.samples}'
