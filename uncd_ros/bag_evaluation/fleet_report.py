# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One table of the bags of a fleet, each with a link to its own report."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.markdown import html, render
from uncd_ros.evaluation.report import without_nan
from uncd_ros.evaluation.tables import fine, number


@dataclass(frozen=True, slots=True, kw_only=True)
class BagSummary:
    """The figures of one bag; NaN is what does not exist."""

    name: str
    report: str
    """Its report.html, as a link from the report of the fleet."""
    seconds: float
    images: int
    """Evaluated."""
    alarms: int
    """How often the flag rose."""
    flagged: float
    """Share of the images in which the flag was up."""
    mean_score: float
    mean_uncertainty: float
    miou: float
    """Against its ground truth, if it has any."""
    faults: Mapping[str, int]
    """Kind of camera fault -> images."""
    notices: int
    """Sentences in its report that a reader must know."""

    @classmethod
    def read(cls, folder: Path) -> 'BagSummary':
        """From the report in the folder."""
        report = json.loads((folder / 'report.json').read_text())
        bag, flag, labels = report['bag'], report['flag'], report['labels']
        return cls(
            name=bag['name'],
            report=f'{quote(folder.name)}/report.html',
            seconds=bag['seconds'],
            images=bag['evaluated'],
            alarms=len(flag['alarms']),
            flagged=flag['flagged'],
            mean_score=_number(flag['mean_score']),
            mean_uncertainty=_number(report['mean_uncertainty']),
            miou=_number(labels['segmentation']['miou'] if labels else None),
            faults=report['camera_faults'],
            notices=len(report['notices']),
        )


def write_fleet_report(bags: Sequence[BagSummary], failed: Mapping[str, str], folder: Path) -> None:
    """fleet.json, fleet.md and fleet.html; `failed` says by name why a bag was not evaluated.

    Raises ConfigError where the folder cannot hold them.
    """
    images = sum(bag.images for bag in bags)
    total = {
        'bags': len(bags),
        'seconds': sum(bag.seconds for bag in bags),
        'images': images,
        'alarms': sum(bag.alarms for bag in bags),
        'flagged': sum(bag.flagged * bag.images for bag in bags) / max(1, images),
    }
    content = without_nan({'total': total, 'bags': [asdict(bag) for bag in bags], 'failed': dict(failed)})
    text = render('uncd_ros.bag_evaluation', 'fleet.md.j2', total=total, rows=[*map(_row, bags)], failed=failed)
    try:
        (folder / 'fleet.json').write_text(json.dumps(content, indent=1, allow_nan=False) + '\n')
        (folder / 'fleet.md').write_text(text)
        (folder / 'fleet.html').write_text(html(text, f'{len(bags)} bags'))
    except OSError as error:
        raise ConfigError(f'{folder}: the report cannot be written ({error.strerror})') from None


def _row(bag: BagSummary) -> dict[str, object]:
    faults = ', '.join(f'{kind} {count}' for kind, count in bag.faults.items())
    figures = (f'{bag.seconds:.1f}', str(bag.images), str(bag.alarms), f'{bag.flagged:.1%}')
    means = (number(bag.mean_score), fine(bag.mean_uncertainty), number(bag.miou))
    return {'name': bag.name, 'report': bag.report, 'cells': (*figures, *means, faults or '-', str(bag.notices))}


def _number(value: float | None) -> float:
    return math.nan if value is None else value
