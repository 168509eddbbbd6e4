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
from uncd_ros.evaluation.markdown import html

FIGURES = 'figures'


def write_report(result: BagEvaluationResult, folder: Path) -> None:
    """Raises ConfigError where the folder cannot hold it; report.json comes first, for it needs the least room."""
    label_result = result.label_result()
    try:
        (folder / 'report.json').write_text(json.dumps(as_json(result, label_result), indent=1, allow_nan=False) + '\n')
        (folder / FIGURES).mkdir(exist_ok=True)
        drive_figures.timeline(folder / FIGURES / 'timeline.png', result)
        drive_figures.classes(folder / FIGURES / 'classes.png', result)
        figures = draw_figures(result.labels, folder / FIGURES) if result.labels else {}
        text = markdown(result, label_result, figures)
        (folder / 'report.md').write_text(text)
        (folder / 'report.html').write_text(html(text, f'{result.card.name} on {result.bag}'))
    except OSError as error:
        raise ConfigError(f'{folder}: the report cannot be written ({error.strerror})') from None
