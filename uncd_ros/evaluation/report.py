# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""report.json for tools, report.md and report.html for people."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.figures import draw_figures
from uncd_ros.evaluation.markdown import html
from uncd_ros.evaluation.prose import markdown
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.evaluation.tables import EvaluationResults
from uncd_ros.model.card import ModelCard


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """report.json, report.md, report.html and figures/*.png."""
    folder.mkdir(parents=True, exist_ok=True)
    results = {
        split: {model.name: evaluation.result(split, model.name) for model in evaluation.evaluated_models}
        for split in evaluation.splits
    }
    (folder / 'report.json').write_text(json.dumps(as_json(evaluation, results), indent=1, allow_nan=False) + '\n')
    text = markdown(evaluation, results, draw_figures(evaluation, folder / 'figures'))
    (folder / 'report.md').write_text(text)
    (folder / 'report.html').write_text(html(text, evaluation.card.name))


def as_json(evaluation: Evaluation, results: Mapping[str, EvaluationResults]) -> dict[str, Any]:
    """The student's blocks at the top, each other network's under its name; further splits alike under `splits`."""
    main, *others = results
    cost = asdict(evaluation.cost) if evaluation.cost else None
    content = {'model': model_block(evaluation.card), 'cost': cost, **_split(evaluation, main, results[main])}
    for model in evaluation.evaluated_models:
        block = content if model.name == STUDENT else content[model.name]
        block['anomaly'] = {name: asdict(found.results[model.name]) for name, found in evaluation.anomaly.items()}
    if others:
        content['splits'] = {name: _split(evaluation, name, results[name]) for name in others}
    clean: dict[str, Any] = without_nan(content)
    return clean


def model_block(card: ModelCard) -> dict[str, Any]:
    """Which model was evaluated."""
    return {
        'name': card.name,
        'uncertainty': card.uncertainty.name,
        'image_score': card.image_score,
        'source_commit': card.provenance.source_commit,
        'weights_sha256': card.weights_sha256,
    }


def _split(evaluation: Evaluation, split: str, results: EvaluationResults) -> dict[str, Any]:
    frames = evaluation.splits[split].sequences
    sequences = sorted(set(frames))
    blocks = {name: asdict(result) for name, result in results.items()}
    return {
        'data': {
            'name': evaluation.dataset,
            'split': split,
            'images': len(frames),
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
