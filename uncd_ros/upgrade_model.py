# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convert a model folder of an older format version to the present one; the weights stay as they are, bit by bit.

    python -m uncd_ros.upgrade_model FOLDER NEW_FOLDER

Writes model.json, student.safetensors and MODEL_CARD.md into NEW_FOLDER. FOLDER is only read.
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save

from uncd_ros.errors import ModelError, UncdError
from uncd_ros.model.card import DOCUMENT, WEIGHTS, ModelCard
from uncd_ros.model.card_json import CHECKSUM, FORMAT_VERSION, VERSION, build_card, check_content, parse_json
from uncd_ros.model.find import CARD
from uncd_ros.model.store import load_model, read_checked, read_file, save_files
from uncd_ros.model.weights import MAHALANOBIS, decode_weights, read_tensors
from uncd_ros.network.student import Student
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES

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
    """Write the model of `folder`, of an older version, to `new_folder`.

    Raises ModelError where it is of another version, is damaged, or `new_folder` already holds a model.
    """
    if (new_folder / CARD).exists():
        raise ModelError(f'{new_folder}: already holds a model, expected a new folder')
    card = upgraded_card(folder / CARD)
    files = {name: read_checked(folder / name, checksum) for name, checksum in card.files.items()}
    for name in (WEIGHTS, DOCUMENT):  # version 2 has no checksum of the document
        files.setdefault(name, read_file(folder / name))
    files[WEIGHTS] = rename_tensors(folder / WEIGHTS, files[WEIGHTS])
    # Refuses what does not fit, before any is written.
    decode_weights(folder / WEIGHTS, files[WEIGHTS], Student(card.student))
    save_files(new_folder, files, card)


def upgraded_card(path: Path) -> ModelCard:
    """The card in a model.json of an older version. Raises ModelError."""
    content = parse_json(path, read_file(path), allow_nan=True)
    version = content.get(VERSION)
    if version not in tuple(STEPS):
        raise ModelError(f'{path}: {VERSION} is {str(version)[:20]!a}, expected {" or ".join(map(str, STEPS))}')
    if version > 2:
        check_content(path, content)
    content = {key: value for key, value in content.items() if key not in (VERSION, CHECKSUM)}
    try:
        for old, step in STEPS.items():
            content = step(content) if old >= version else content
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f'{path}: not a model card of version {version} ({error})') from None
    return build_card(path, content)


def rename_tensors(path: Path, data: bytes) -> bytes:
    """A student.safetensors by today's names; without an old name, the same bytes."""
    tensors = read_tensors(path, data)
    if not any(name.startswith(OLD_MAHALANOBIS) for name in tensors):
        return data
    return save({re.sub(f'^{re.escape(OLD_MAHALANOBIS)}', MAHALANOBIS, name): value for name, value in tensors.items()})


def _to_3(content: dict[str, Any]) -> dict[str, Any]:
    """Version 3 renames keys, scores and settings, and has checksums of all files."""
    renamed = {KEYS.get(key, key): value for key, value in content.items()}
    renamed['files'] = {WEIGHTS: renamed.pop('weights_sha256')}
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
    return renamed


def _to_4(content: dict[str, Any]) -> dict[str, Any]:
    """Version 4 names the decoder, of which there was one, and the uncertainties that were taught, which all were."""
    return {
        **content,
        'student': {**content['student'], 'decoder': 'deeplab'},
        'uncertainty': {**content['uncertainty'], 'candidates': dict.fromkeys(PIXEL_UNCERTAINTIES, '')},
    }


STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {2: _to_3, 3: _to_4}
"""Version -> what makes the content of its model.json that of the next version."""


def _rename(value: Any, names: dict[str, str]) -> Any:
    """The same with other keys, at any depth."""
    if isinstance(value, dict):
        return {names.get(key, key): _rename(inner, names) for key, inner in value.items()}
    return [_rename(inner, names) for inner in value] if isinstance(value, list) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    versions = ' or '.join(map(str, STEPS))
    parser = argparse.ArgumentParser(
        prog='upgrade_model', description=f'Convert a model folder of version {versions} to {FORMAT_VERSION}.'
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
