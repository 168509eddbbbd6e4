# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""engines/*.json: the same network for another runtime, with what was measured of it and its own calibration.

Each record raises ConfigError where its values cannot be meant.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from uncd_ros.checks import check_range, check_text
from uncd_ros.errors import ConfigError, ModelError
from uncd_ros.model.card import ANOMALY, FIGURE_MAX, ModelCard, check_files
from uncd_ros.model.card_json import (
    build_record,
    check_content,
    content_checksum,
    encode_content,
    parse_json,
    record_content,
)
from uncd_ros.model.engine_wish import BF16, F32, INT8
from uncd_ros.model.store import read_file
from uncd_ros.monitor.ood_rule import OodRule

ENGINES_FOLDER = 'engines'
"""Within a model folder."""
RECORD_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """What labelled frames say about an engine, or about torch on the same frames."""

    miou: float
    """[0, 1]."""
    confidence_ece: float
    """Expected calibration error of the served confidence, in [0, 1]."""
    error_auroc: float
    """AUROC of finding wrong pixels by the served uncertainty; NaN where none is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """An engine beside torch, on the same images, at the network's size."""

    source: str
    """Where the images are from, for a person."""
    images: int
    labels_equal: float
    """Share of pixels with the same label, in [0, 1]."""
    uncertainty_difference: float
    """Mean over the pixels of |engine - torch|."""
    confidence_difference: float
    """Likewise, of the confidence in [0, 1]."""
    score_shift: float
    """Mean over the images of engine - torch."""
    score_difference: float
    """Largest |engine - torch| of an image."""
    labelled_images: int = 0
    torch: Accuracy | None = None
    """On the images that have labels; None where none has."""
    engine: Accuracy | None = None

    def __post_init__(self) -> None:
        check_range('parity.images', self.images, 1, FIGURE_MAX)
        check_range('parity.labels_equal', self.labels_equal, 0.0, 1.0)
        for name in ('uncertainty_difference', 'confidence_difference', 'score_difference'):
            check_range(f'parity.{name}', getattr(self, name), 0.0, FIGURE_MAX)
        check_range('parity.score_shift', self.score_shift, -FIGURE_MAX, FIGURE_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCalibration:
    """What makes this engine's image score a flag, and its confidence a promise."""

    ood: OodRule
    """Its calibration scores are the engine's own, unless it inherits those of torch."""
    inherited: bool
    """Whether the engine's scores are so close to torch's that its rule holds for both."""
    reason: str
    """One sentence for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRecord:
    """One engine of a model folder."""

    engine: str
    """Name of the runtime: 'openvino' or 'onnx'."""
    precision: str
    """f32, bf16 or int8."""
    weights_sha256: str
    """Of the student.safetensors that it was made from."""
    served: str
    """`served_digest` of the model card: what is served is part of the graph."""
    input_height: int
    input_width: int
    parity: Parity
    probe: Parity
    """On the probe images, which every machine can make: what it computes must be this there, too."""
    calibration: EngineCalibration | None
    """None if it has none of its own; then it serves no flag."""
    refusal: str
    """Why it has none, in one sentence; empty if it has one."""
    versions: dict[str, str]
    """Package -> version with which it was made."""
    files: dict[str, str] = field(default_factory=dict)
    """File in engines/ -> SHA-256."""

    def __post_init__(self) -> None:
        check_text('engine', self.engine)
        if self.precision not in (F32, BF16, INT8):
            raise ConfigError(f'precision is {self.precision!a}, expected {F32}, {BF16} or {INT8}')
        if bool(self.refusal) == bool(self.calibration):
            raise ConfigError('calibration and refusal are both there or both missing, expected one of them')
        check_files(self.files)

    @property
    def title(self) -> str:
        """For a sentence: 'openvino int8'."""
        return f'{self.engine} {self.precision}'

    @property
    def file_name(self) -> str:
        """Of the record, in engines/."""
        return f'{self.engine}_{self.precision}.json'


def served_digest(card: ModelCard) -> str:
    """SHA-256 over all of a model card that decides about a prediction or its flag."""
    names = {'image_score': card.image_score, 'uncertainty': card.uncertainty.name}
    records = {name: asdict(getattr(card, name)) for name in ('student', 'confidence', 'ood')}
    if card.anomaly:
        records['anomaly'] = {'score': asdict(card.anomaly.score), 'file': card.files[ANOMALY]}
    return content_checksum(names | records)


def encode_engine(record: EngineRecord) -> bytes:
    """Content of its file in engines/."""
    return encode_content({'format_version': RECORD_VERSION, **asdict(record)})


def read_engine(path: Path) -> EngineRecord:
    """Raises ModelError, in one sentence, for a file that is damaged or not such a record."""
    content = parse_json(path, read_file(path))
    if (version := content.get('format_version')) != RECORD_VERSION:
        raise ModelError(f'{path}: format_version is {str(version)[:20]!a}, expected {RECORD_VERSION}')
    check_content(path, content)
    return build_record(EngineRecord, path, record_content(content))


def engine_files(folder: Path) -> Iterator[Path]:
    """The records in a model folder, by name."""
    yield from sorted((folder / ENGINES_FOLDER).glob('*.json'))
