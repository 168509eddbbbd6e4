# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""model.json: a model card as text with a checksum of its own, and back with every value checked."""

import hashlib
import json
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

import dacite

from uncd_ros.errors import ConfigError, ModelError
from uncd_ros.model.card import ANOMALY, DOCUMENT, WEIGHTS, ModelCard
from uncd_ros.network.student import StudentConfig

R = TypeVar('R')

FORMAT_VERSION = 4
"""Rises with every new field, though most have a default: a value that is missing is refused, never guessed."""
VERSION, CHECKSUM = 'format_version', 'checksum'
_MESSAGE_MAX = 300
"""Characters of a message that quotes what was found in a file."""


def encode_card(card: ModelCard) -> bytes:
    """Content of model.json; NaN, a figure that could not be measured, is null."""
    return encode_content({VERSION: FORMAT_VERSION, **asdict(card)})


def encode_content(content: dict[str, Any]) -> bytes:
    """JSON with a checksum of its own; NaN is null."""
    content = _without_nan(content)
    text = json.dumps(content | {CHECKSUM: content_checksum(content)}, indent=1, allow_nan=False)
    return f'{text}\n'.encode()


def decode_card(path: Path, data: bytes) -> ModelCard:
    """The card in the content of a model.json. Raises ModelError; `path` is for the message."""
    content = parse_json(path, data)
    version = content.get(VERSION)
    if version in (2, 3):
        upgrade = f'python -m uncd_ros.upgrade_model {path.parent} NEW_FOLDER'
        raise ModelError(f'{path}: {VERSION} is {version}, expected {FORMAT_VERSION}; convert it by: {upgrade}')
    if version != FORMAT_VERSION:
        raise ModelError(f'{path}: {VERSION} is {str(version)[:20]!a}, expected {FORMAT_VERSION}')
    check_content(path, content)
    card = build_card(path, record_content(content))
    for name in (WEIGHTS, DOCUMENT, *((ANOMALY,) if card.anomaly else ())):
        if name not in card.files:
            raise ModelError(f'{path}: files does not name {name}, expected its SHA-256')
    return card


def record_content(content: dict[str, Any]) -> dict[str, Any]:
    """The same without format version and checksum."""
    return {key: value for key, value in content.items() if key not in (VERSION, CHECKSUM)}


def build_record(kind: type[R], path: Path, content: dict[str, Any]) -> R:
    """The frozen record of this kind with these values, strictly. Raises ModelError; `path` is for the message."""
    config = dacite.Config(strict=True, type_hooks={float: _as_float, int: _as_int})
    try:
        return cast(R, dacite.from_dict(cast(Any, kind), _with_tuples(content), config))
    except (dacite.DaciteError, ConfigError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f'{path}: {" ".join(str(error).split())[:_MESSAGE_MAX]}') from None


def build_card(path: Path, content: dict[str, Any]) -> ModelCard:
    """The card of the values of a model.json without version and checksum. Raises ModelError."""
    card = build_record(ModelCard, path, content)
    # A default would replace what got lost, and the network be another one.
    for field in fields(StudentConfig):
        if field.name not in content['student']:
            raise ModelError(f'{path}: missing value for field "student.{field.name}"')
    return card


def parse_json(path: Path, data: bytes, *, allow_nan: bool = False) -> dict[str, Any]:
    """The object in a JSON file; NaN, which is no JSON, may be allowed. Raises ModelError."""
    try:
        content = json.loads(data, parse_constant=float if allow_nan else _refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ModelError(f'{path}: not JSON ({str(error)[:100]})') from None
    if not isinstance(content, dict):
        raise ModelError(f'{path}: holds a {type(content).__name__}, expected an object')
    return content


def check_content(path: Path, content: dict[str, Any]) -> None:
    """Raise ModelError unless the content of a JSON file has its checksum; `path` is for the message."""
    try:
        expected = content_checksum(content)
    except ValueError as error:
        raise ModelError(f'{path}: not JSON ({error})') from None
    if content.get(CHECKSUM) != expected:
        raise ModelError(
            f'{path}: {CHECKSUM} is {str(content.get(CHECKSUM))[:12]!a}…, expected {expected[:12]!r}… for its '
            'content: the file was changed since it was written'
        )


def content_checksum(content: dict[str, Any]) -> str:
    """SHA-256 over everything in a model.json but the checksum, however it is laid out. Raises ValueError on NaN."""
    rest = {key: value for key, value in content.items() if key != CHECKSUM}
    canonical = json.dumps(rest, sort_keys=True, separators=(',', ':'), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is no JSON number')


def _without_nan(value: Any) -> Any:
    """The same with NaN as None, all the way down."""
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _with_tuples(value: Any) -> Any:
    """The same with lists as tuples, all the way down: records are frozen."""
    if isinstance(value, dict):
        return {key: _with_tuples(inner) for key, inner in value.items()}
    return tuple(_with_tuples(inner) for inner in value) if isinstance(value, list) else value


def _as_float(value: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise dacite.WrongTypeError(float, value)
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _as_int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise dacite.WrongTypeError(int, value)
    return value
