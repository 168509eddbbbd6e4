# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder: written so that a power cut leaves no half of it, loaded whole or refused in one sentence."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from uncd_ros.durable import write_durably
from uncd_ros.errors import ModelError
from uncd_ros.model.card import ANOMALY, DOCUMENT, WEIGHTS, ModelCard
from uncd_ros.model.card_json import decode_card, encode_card
from uncd_ros.model.distance_weights import decode_distance, encode_distance
from uncd_ros.model.find import CARD, find_model
from uncd_ros.model.weights import decode_weights, encode_weights
from uncd_ros.network.student import Student


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """A loaded model folder; the student is on the CPU, float32, in evaluation mode."""

    student: Student
    card: ModelCard
    folder: Path


def save_model(folder: Path, student: Student, card: ModelCard, document: str) -> ModelCard:
    """Write a model folder: the student's weights, `document` as MODEL_CARD.md, and the card as model.json.

    Gives the card as it is stored, with the checksums of the other files. Raises ModelError where a file cannot be
    written.
    """
    files = {WEIGHTS: encode_weights(student), DOCUMENT: document.encode()}
    if card.anomaly is not None:
        assert student.feature_distance is not None
        files[ANOMALY] = encode_distance(student.feature_distance)
    return save_files(folder, files, card)


def save_files(folder: Path, files: Mapping[str, bytes], card: ModelCard) -> ModelCard:
    """Write the files of a model, name -> content, and model.json with their checksums; see `save_model`."""
    stored = replace(card, files={name: sha256(data) for name, data in files.items()})
    # model.json comes last: a folder that was left half written does not fit its checksums and is refused.
    contents = {**files, CARD: encode_card(stored)}
    for name, data in contents.items():
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_durably(folder / name, data)
        except OSError as error:
            raise ModelError(f'{folder / name}: cannot be written ({error.strerror})') from None
    return stored


def load_model(model: str | Path) -> StoredModel:
    """Load a model folder, or a built-in model by its name.

    Raises ModelError, in one sentence, if anything is missing, damaged or not what the card promises.
    """
    folder = find_model(model)
    card = load_card(folder)
    contents = {name: read_checked(folder / name, expected) for name, expected in card.files.items()}
    student = Student(card.student)
    decode_weights(folder / WEIGHTS, contents[WEIGHTS], student)
    if card.anomaly is not None:
        student.feature_distance = decode_distance(folder / ANOMALY, contents[ANOMALY], student)
    return StoredModel(student=student.eval(), card=card, folder=folder)


def load_card(folder: Path) -> ModelCard:
    """Read and check model.json alone."""
    return decode_card(folder / CARD, read_file(folder / CARD))


def read_file(path: Path) -> bytes:
    """The content of a file of a model. Raises ModelError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f'{path}: cannot be read ({error.strerror})') from None


def read_checked(path: Path, expected: str, record: str = CARD) -> bytes:
    """The content of a file of a model that has this SHA-256, as the file `record` states. Raises ModelError."""
    data = read_file(path)
    if (found := sha256(data)) != expected:
        raise ModelError(f'{path}: SHA-256 is {found[:12]}…, expected {expected[:12]}… as in {record}')
    return data


def sha256(data: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
