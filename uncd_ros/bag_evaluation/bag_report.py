# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""report.json for tools, report.md and report.html for people, figures beside them."""

import json
from pathlib import Path

from uncd_ros.bag_evaluation import drive_figures
from uncd_ros.bag_evaluation.bag_prose import markdown
from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult, as_json
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.figures import draw_figures
from uncd_ros.evaluation.report import html

FIGURES = 'figures'


def write_report(found: BagEvaluationResult, folder: Path) -> None:
    """Raises ConfigError where the folder cannot hold it; report.json comes first, for it needs the least room."""
    judgement = found.judgement()
    try:
        (folder / 'report.json').write_text(json.dumps(as_json(found, judgement), indent=1, allow_nan=False) + '\n')
        (folder / FIGURES).mkdir(exist_ok=True)
        drive_figures.timeline(folder / FIGURES / 'timeline.png', found)
        drive_figures.classes(folder / FIGURES / 'classes.png', found)
        drawn = draw_figures(found.truth, folder / FIGURES) if found.truth else {}
        text = markdown(found, judgement, drawn)
        (folder / 'report.md').write_text(text)
        (folder / 'report.html').write_text(html(text, f'{found.card.name} on {found.bag}'))
    except OSError as error:
        raise ConfigError(f'{folder}: the report cannot be written ({error.strerror})') from None
