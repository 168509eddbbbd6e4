# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""report.json for tools, report.md with its figures and report.html, which holds them, for people."""

import json
from pathlib import Path

from uncd_ros.bag_evaluation import drive_figures, live_result
from uncd_ros.bag_evaluation.bag_prose import markdown
from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult, as_json
from uncd_ros.bag_evaluation.label_figures import draw_label_figures
from uncd_ros.bag_evaluation.live_result import LiveOutcome
from uncd_ros.bag_evaluation.run_info import RunInfo
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.markdown import html

FIGURES = 'figures'


def write_report(result: BagEvaluationResult, run: RunInfo, folder: Path, live: LiveOutcome | None = None) -> None:
    """Raises ConfigError where the folder cannot hold it; report.json comes first, for it needs the least room."""
    label_result = result.label_result()
    try:
        (folder / 'report.json').write_text(json.dumps(as_json(result, label_result), indent=1, allow_nan=False) + '\n')
        (folder / FIGURES).mkdir(exist_ok=True)
        drive_figures.timeline(folder / FIGURES / 'timeline.png', result)
        drive_figures.classes(folder / FIGURES / 'classes.png', result)
        label_figures = draw_label_figures(result.labels, folder / FIGURES) if result.labels else []
        text = markdown(result, run, label_result, label_figures, live)
        (folder / 'report.md').write_text(text)
        (folder / 'report.html').write_text(html(text, f'{result.card.name} on {result.bag}', folder))
    except OSError as error:
        raise ConfigError(f'{folder}: the report cannot be written ({error.strerror})') from None


def write_live_report(result: BagEvaluationResult, run: RunInfo, folder: Path, live: LiveOutcome) -> None:
    """The report once more, with what the node did, and live.json. Raises ConfigError where the folder is full."""
    try:
        (folder / 'live.json').write_text(json.dumps(live_result.as_json(live), indent=1) + '\n')
    except OSError as error:
        raise ConfigError(f'{folder}: live.json cannot be written ({error.strerror})') from None
    write_report(result, run, folder, live)
