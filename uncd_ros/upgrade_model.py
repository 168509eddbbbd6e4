# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convert a model folder of format version 2 to the present version; the weights stay as they are, bit by bit.

    python -m uncd_ros.upgrade_model FOLDER NEW_FOLDER

Writes model.json, student.safetensors and MODEL_CARD.md into NEW_FOLDER. FOLDER is only read.
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save

from uncd_ros.errors import ModelError, UncdError
from uncd_ros.model.card import DOCUMENT, WEIGHTS
from uncd_ros.model.card_json import FORMAT_VERSION, build_card, parse_json
from uncd_ros.model.find import CARD
from uncd_ros.model.store import load_model, read_file, save_files
from uncd_ros.model.weights import MAHALANOBIS, decode_weights, read_tensors
from uncd_ros.network.student import Student

OLD_VERSION = 2
OLD_MAHALANOBIS = 'reference.'
KEYS = {'uncertainty_choice': 'uncertainty_selection', 'image_score_choice': 'image_score_selection'}
"""Renamed keys of model.json: old -> new."""
SCORES = {
    'softmax': 'msp',
    'max_logit': 'neg_max_logit',
    'feature_distance': 'mahalanobis',
    'energy_and_features': 'energy_mahalanobis',
}
"""Renamed uncertainties and image scores."""
SETTINGS = {
    'zoom': 'crop_scale',
    'without': 'exclude_sequences',
    'fresh_head': 'reinit_head',
    'blend': 'wise_ft_alpha',
    'strange': 'ood_sets',
}
"""Renamed settings of training, at any depth."""


def upgrade(folder: Path, new_folder: Path) -> None:
    """Write the model of `folder`, version 2, to `new_folder`.

    Raises ModelError where it is not of version 2, is damaged, or `new_folder` already holds a model.
    """
    if (new_folder / CARD).exists():
        raise ModelError(f'{new_folder}: already holds a model, expected a new folder')
    content = parse_json(folder / CARD, read_file(folder / CARD), allow_nan=True)
    version = content.pop('format_version', None)
    if version != OLD_VERSION:
        raise ModelError(f'{folder / CARD}: format_version is {str(version)[:20]!a}, expected {OLD_VERSION}')
    data = read_file(folder / WEIGHTS)
    found, expected = hashlib.sha256(data).hexdigest(), str(content.pop('weights_sha256', ''))
    if found != expected:
        raise ModelError(f'{folder / WEIGHTS}: SHA-256 is {found[:12]}…, expected {expected[:12]}… as in {CARD}')
    card = build_card(folder / CARD, rename_content(folder / CARD, content))
    weights = save(
        {
            MAHALANOBIS + name.removeprefix(OLD_MAHALANOBIS) if name.startswith(OLD_MAHALANOBIS) else name: value
            for name, value in read_tensors(folder / WEIGHTS, data).items()
        }
    )
    decode_weights(folder / WEIGHTS, weights, Student(card.student))  # refuses what does not fit, before any is written
    save_files(new_folder, {WEIGHTS: weights, DOCUMENT: read_file(folder / DOCUMENT)}, card)


def rename_content(path: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The content of a model.json of version 2 by today's names. Raises ModelError; `path` is for the message."""
    renamed = {KEYS.get(key, key): value for key, value in content.items()}
    try:
        renamed['image_score'] = SCORES.get(renamed['image_score'], renamed['image_score'])
        name = renamed['uncertainty']['name']
        renamed['uncertainty'] = {**renamed['uncertainty'], 'name': SCORES.get(name, name)}
        for key in KEYS.values():
            renamed[key] = {
                **renamed[key],
                'figures': {SCORES.get(name, name): row for name, row in renamed[key]['figures'].items()},
                'reason': re.sub(r'\w+', lambda word: SCORES.get(word[0], word[0]), renamed[key]['reason']),
            }
        renamed['provenance'] = {**renamed['provenance'], 'config': _rename(renamed['provenance']['config'], SETTINGS)}
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f'{path}: not a model card of version {OLD_VERSION} ({error})') from None
    return renamed


def _rename(value: Any, names: dict[str, str]) -> Any:
    """The same with other keys, at any depth."""
    if isinstance(value, dict):
        return {names.get(key, key): _rename(inner, names) for key, inner in value.items()}
    return [_rename(inner, names) for inner in value] if isinstance(value, list) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        prog='upgrade_model', description=f'Convert a model folder of version {OLD_VERSION} to {FORMAT_VERSION}.'
    )
    parser.add_argument('folder', type=Path, help='model folder to read')
    parser.add_argument('new_folder', type=Path, help='model folder to write')
    args = parser.parse_args(arguments)
    try:
        upgrade(args.folder, args.new_folder)
        print(f'model: {load_model(args.new_folder).folder}')
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
