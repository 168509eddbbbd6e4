# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder: student.safetensors (weights, no pickle) and model.json (everything else)."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import dacite
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from uncd_ros.errors import ModelError
from uncd_ros.model.card import FORMAT_VERSION, ModelCard
from uncd_ros.network.student import Student
from uncd_ros.resources import share_path
from uncd_ros.scores.confidence import fault
from uncd_ros.scores.image import IMAGE_SCORES
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES

WEIGHTS, CARD = 'student.safetensors', 'model.json'
MAHALANOBIS = 'mahalanobis.'
"""What the names of the feature distance's tensors begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """A loaded model folder; the student is on the CPU, float32, in evaluation mode."""

    student: Student
    card: ModelCard
    folder: Path


def save_weights(folder: Path, student: Student) -> str:
    """Write student.safetensors in half precision; return its SHA-256 for the card."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = {
        # A distance multiplies small differences by large weights: its reference keeps all digits.
        name: (value.half() if value.is_floating_point() and not name.startswith(MAHALANOBIS) else value)
        .contiguous()
        .cpu()
        for name, value in _tensors(student).items()
    }
    data = save_tensors(stored)
    (folder / WEIGHTS).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def round_weights(student: Student) -> None:
    """Round to what student.safetensors can hold, in place: what is calibrated then is what will be loaded."""
    for value in student.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())


def save_card(folder: Path, card: ModelCard) -> None:
    """Write model.json; the weights it names by checksum must lie there already."""
    (folder / CARD).write_text(json.dumps(asdict(card), indent=1) + '\n')


def load_model(model: str | Path) -> StoredModel:
    """Load a model folder, or a built-in model by its name.

    Raises ModelError, in one sentence, if anything is missing, damaged or not what the card promises.
    """
    folder = find_model(model)
    card = load_card(folder)
    path = folder / WEIGHTS
    data = _read(path)
    found = hashlib.sha256(data).hexdigest()
    if found != card.weights_sha256:
        raise ModelError(f'{path}: SHA-256 is {found[:12]}…, expected {card.weights_sha256[:12]}… as in {CARD}')
    try:
        weights = load_tensors(data)
    except SafetensorError as error:
        raise ModelError(f'{path}: not a safetensors file ({error})') from None
    student = Student(card.student)
    tensors = _tensors(student)
    _check_shapes(path, tensors, weights)
    for name, value in tensors.items():
        value.copy_(weights[name])
    return StoredModel(student=student.eval(), card=card, folder=folder)


def load_card(folder: Path) -> ModelCard:
    """Read and check model.json alone."""
    path = folder / CARD
    try:
        content = json.loads(_read(path))
    except ValueError as error:
        raise ModelError(f'{path}: not JSON ({error})') from None
    version = content.get('format_version') if isinstance(content, dict) else None
    if version in (1, 2):
        raise ModelError(f'{path}: format_version is {version}, expected {FORMAT_VERSION}')
    if version != FORMAT_VERSION:
        raise ModelError(f'{path}: format_version is {version!r}, expected {FORMAT_VERSION}')
    try:
        card = dacite.from_dict(ModelCard, content, dacite.Config(strict=True, cast=[tuple, float]))
    except (dacite.DaciteError, TypeError, ValueError) as error:
        raise ModelError(f'{path}: {error}') from None
    _check_card(path, card)
    return card


def find_model(model: str | Path) -> Path:
    """The folder of a model given by path or by built-in name."""
    folder = Path(model).expanduser()
    if (folder / CARD).is_file():
        return folder
    models = share_path('models')
    if (models / model / CARD).is_file():
        return models / model
    built_in = sorted(path.parent.name for path in models.glob(f'*/{CARD}'))
    raise ModelError(
        f"model '{model}' not found: expected a folder with {CARD}, or one of the built-in models {', '.join(built_in)}"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f'{path}: cannot be read ({error.strerror})') from None


def _check_card(path: Path, card: ModelCard) -> None:
    """What types alone do not say: names that exist, counts that agree."""
    if len(card.classes) != card.student.num_classes:
        raise ModelError(f'{path}: classes has {len(card.classes)} entries, expected {card.student.num_classes}')
    if card.uncertainty.name not in PIXEL_UNCERTAINTIES:
        raise ModelError(
            f"{path}: uncertainty.name is '{card.uncertainty.name}', expected one of {', '.join(PIXEL_UNCERTAINTIES)}"
        )
    if card.image_score not in IMAGE_SCORES:
        raise ModelError(f"{path}: image_score is '{card.image_score}', expected one of {', '.join(IMAGE_SCORES)}")
    scores = card.ood.calibration_scores
    if not scores or list(scores) != sorted(scores):
        raise ModelError(f'{path}: ood.calibration_scores is empty or not ascending, expected sorted scores')
    if wrong := fault(card.confidence):
        raise ModelError(f'{path}: confidence: {wrong}')


def _tensors(student: Student) -> dict[str, torch.Tensor]:
    """All that student.safetensors holds, in the student's own memory."""
    mahalanobis = {f'{MAHALANOBIS}{name}': value for name, value in student.mahalanobis.named_buffers()}
    return student.state_dict() | mahalanobis


def _check_shapes(path: Path, expected: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> None:
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            raise ModelError(f"{path}: tensor '{name}' is missing")
        if name not in expected:
            raise ModelError(f"{path}: tensor '{name}' is unknown to the network in {CARD}")
        if expected[name].shape != found[name].shape:
            raise ModelError(
                f"{path}: tensor '{name}' has shape {tuple(found[name].shape)}, expected {tuple(expected[name].shape)}"
            )
