# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""report.json for tools, report.md and report.html for people."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.figures import draw_figures
from uncd_ros.evaluation.prose import markdown
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.evaluation.tables import EvaluationResults
from uncd_ros.model.card import ModelCard


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """report.json, report.md, report.html and figures/*.png."""
    folder.mkdir(parents=True, exist_ok=True)
    judged = {
        split: {each.name: evaluation.judge(split, each.name) for each in evaluation.evaluated_models}
        for split in evaluation.splits
    }
    (folder / 'report.json').write_text(json.dumps(as_json(evaluation, judged), indent=1, allow_nan=False) + '\n')
    text = markdown(evaluation, judged, draw_figures(evaluation, folder / 'figures'))
    (folder / 'report.md').write_text(text)
    (folder / 'report.html').write_text(html(text, evaluation.card.name))


def as_json(evaluation: Evaluation, judged: Mapping[str, EvaluationResults]) -> dict[str, Any]:
    """The student's blocks at the top, each rival's under its name; further splits alike under `splits`."""
    main, *others = judged
    cost = asdict(evaluation.cost) if evaluation.cost else None
    content = {'model': model_block(evaluation.card), 'cost': cost, **_split(evaluation, main, judged[main])}
    if others:
        content['splits'] = {name: _split(evaluation, name, judged[name]) for name in others}
    found: dict[str, Any] = without_nan(content)
    return found


def model_block(card: ModelCard) -> dict[str, Any]:
    """What was judged."""
    return {
        'name': card.name,
        'uncertainty': card.uncertainty.name,
        'image_score': card.image_score,
        'source_commit': card.provenance.source_commit,
        'weights_sha256': card.weights_sha256,
    }


def _split(evaluation: Evaluation, split: str, judged: EvaluationResults) -> dict[str, Any]:
    trial = evaluation.splits[split]
    sequences = sorted(set(trial.sequences))
    blocks = {name: asdict(each) for name, each in judged.items()}
    return {
        'data': {
            'name': evaluation.dataset,
            'split': split,
            'images': len(trial.sequences),
            'sequences': sequences,
            'every': evaluation.every,
            'seen_in_training': sorted(evaluation.seen_sequences & set(sequences)),
            'seen_in_calibration': sorted(evaluation.calibration_sequences & set(sequences)),
        },
        **blocks.pop(STUDENT),
        **blocks,
    }


def without_nan(value: Any) -> Any:
    """JSON has no NaN; null says as much."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def html(text: str, title: str) -> str:
    """One page that looks after itself; figures are beside it."""
    body = MarkdownIt('commonmark').enable('table').render(text)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_CSS}</style>\n'
        f'<main>\n{body}</main>\n</html>\n'
    )


_CSS = """
body { font: 16px/1.55 system-ui, sans-serif; color: #1f2430; background: #fff; margin: 0; }
main { max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.9rem; line-height: 1.2; } h2 { margin-top: 2.6rem; border-bottom: 1px solid #dfe3e8; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; display: block;
  overflow-x: auto; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #e6e9ee; text-align: right; white-space: nowrap; }
th { font-weight: 600; } th:first-child, td:first-child { text-align: left; }
tbody tr:hover { background: #f5f7fa; }
img { max-width: 100%; display: block; margin: 1.2rem 0 .2rem; } em { color: #596273; }
code { background: #f1f3f6; padding: .1em .3em; border-radius: 3px; }
"""
