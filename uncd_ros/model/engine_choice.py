# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which engine runs a model here: the fastest that gives the right results, else torch in 32-bit float."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from uncd_ros.errors import EngineError, ModelError, UnsuitableEngineError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.cuda_engine import CudaEngine
from uncd_ros.model.engine import Engine
from uncd_ros.model.engine_parity import EQUAL, check_probe, infer_one, probe, probe_images
from uncd_ros.model.engine_record import engine_files, read_engine, served_digest
from uncd_ros.model.engine_wish import F16, F32, OPENVINO, TORCH, EngineWish
from uncd_ros.model.openvino_engine import OpenVinoEngine, has_openvino
from uncd_ros.model.store import StoredModel, read_checked
from uncd_ros.model.torch_engine import TorchEngine

ROUNDS = 5
"""Passes of each engine that are timed, in turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """The engine that was taken, and why."""

    engine: Engine
    summary: str
    """For the log, in one line: the engine, and how long a pass of each took."""
    warning: str
    """Which engines were refused and why, in one sentence; empty if none was."""


def choose_engine(model: StoredModel, device: str, wish: EngineWish, *, check: Callable[[], None]) -> EngineChoice:
    """Open, verify and time what is wished for; `check` is called between the steps and may raise to give up.

    What cannot be used is refused with a reason, and torch stands in. Raises ConfigError for a device that is not
    there.
    """
    torch_engine = TorchEngine(model, device)
    if torch_engine.device_name == 'cpu':
        opened = _open_wished(model, wish, torch_engine, check)
    else:
        opened = _open_on_cuda(model, wish, torch_engine, check)
    engines, refusals = opened.engines, opened.refusals
    if not (wish.allows(TORCH, F32) or engines or refusals):
        refusals.append(f'engine {wish.engine} {wish.precision} is not used: {_missing(model, wish, torch_engine)}')
    if wish.allows(TORCH, F32) or not engines:
        engines.append(torch_engine)
    milliseconds = _time(engines, model.card, check) if len(engines) > 1 else [0.0]
    best = min(range(len(engines)), key=milliseconds.__getitem__)
    return EngineChoice(
        engine=engines[best],
        summary='; '.join([_summary(engines, milliseconds, best), *opened.unsuitable]),
        warning='; '.join(refusals) + (f': {_title(engines[best])} runs' if refusals else ''),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What became of the engines in a model folder."""

    engines: list[Engine] = field(default_factory=list)
    """Those that give torch's results."""
    refusals: list[str] = field(default_factory=list)
    """Why others are not used, a sentence each; a person should know."""
    unsuitable: list[str] = field(default_factory=list)
    """Likewise, where that is no fault: the machine is another one, and something better than torch runs."""


def _missing(model: StoredModel, wish: EngineWish, torch_engine: TorchEngine) -> str:
    """Why there is no such engine."""
    if torch_engine.device_name != 'cpu':
        return f'{model.folder} has none for {torch_engine.device_name}'
    return 'it needs a CUDA device' if wish.precision == F16 else f'{model.folder} holds none'


def _open_on_cuda(
    model: StoredModel, wish: EngineWish, torch_engine: TorchEngine, check: Callable[[], None]
) -> _Opened:
    """Half precision, if it is allowed and gives on this device what 32-bit float gives there."""
    opened = _Opened()
    if not wish.allows(TORCH, F16):
        return opened
    reference = [infer_one(torch_engine, image) for image in probe_images(model.card)]
    check()
    try:
        engine = CudaEngine(model, torch_engine.device)
        check_probe(probe(reference, engine), EQUAL, model.card.ood)
        opened.engines.append(engine)
    except (ModelError, RuntimeError) as error:
        opened.refusals.append(f'engine {TORCH} {F16} is not used: {str(error).splitlines()[0]}')
    return opened


def _open_wished(model: StoredModel, wish: EngineWish, torch_engine: Engine, check: Callable[[], None]) -> _Opened:
    opened = _Opened()
    paths = _wished_files(model.folder, wish)
    reference = [infer_one(torch_engine, image) for image in probe_images(model.card)] if paths else []
    for path in paths:
        check()
        try:
            engine = open_engine(path, model)
            check_probe(probe(reference, engine), read_engine(path).probe, model.card.ood)
            opened.engines.append(engine)
        except (ModelError, RuntimeError) as error:
            sentences = opened.unsuitable if isinstance(error, UnsuitableEngineError) else opened.refusals
            sentences.append(f'engine {path.stem.replace("_", " ")} is not used: {error}')
    if not opened.engines:
        opened.refusals.extend(opened.unsuitable)
        opened.unsuitable.clear()
    return opened


def _wished_files(folder: Path, wish: EngineWish) -> list[Path]:
    """Records of the engines in a model folder that may be taken."""
    # Who asks for no more than torch, and has not installed OpenVINO, is not to be warned.
    if not has_openvino() and wish.allows(TORCH, F32):
        return []
    return [path for path in engine_files(folder) if _allows(wish, path)]


def _allows(wish: EngineWish, path: Path) -> bool:
    engine, _, precision = path.stem.partition('_')
    return engine == OPENVINO and wish.allows(engine, precision)


def open_engine(path: Path, model: StoredModel) -> OpenVinoEngine:
    """The engine of a record, with its own calibration, not verified yet. Raises ModelError in one sentence."""
    record, card, student = read_engine(path), model.card, model.card.student
    if (record.input_width, record.input_height) != (student.input_width, student.input_height):
        raise EngineError(
            f'{path}: made for images of {record.input_width}x{record.input_height}, '
            f'expected {student.input_width}x{student.input_height}'
        )
    if record.weights_sha256 != card.weights_sha256 or record.served != served_digest(card):
        raise EngineError(f'{path}: made from another model, expected one that was exported from {model.folder}')
    if record.calibration is None:
        raise UnsuitableEngineError(f'{path}: {record.refusal}')
    contents = {
        Path(name).suffix: read_checked(path.parent / name, expected, path.name)
        for name, expected in record.files.items()
    }
    if contents.keys() != {'.xml', '.bin'}:
        raise EngineError(f'{path}: files are {sorted(record.files)}, expected one .xml and one .bin')
    calibrated = replace(card, ood=record.calibration.ood)
    return OpenVinoEngine(contents['.xml'], contents['.bin'], precision=record.precision, card=calibrated)


def _time(engines: Sequence[Engine], card: ModelCard, check: Callable[[], None]) -> list[float]:
    """Median milliseconds of a pass of each; they take turns, so that a busy moment hits all alike."""
    image: NDArray[np.uint8] = next(iter(probe_images(card)))
    seconds: list[list[float]] = [[] for _ in engines]
    for _ in range(ROUNDS):
        check()
        for engine, times in zip(engines, seconds, strict=True):
            start = time.perf_counter()
            infer_one(engine, image)
            times.append(time.perf_counter() - start)
    return [1e3 * median(times) for times in seconds]


def _summary(engines: Sequence[Engine], milliseconds: Sequence[float], best: int) -> str:
    if len(engines) == 1:
        return f'engine {_title(engines[0])}'
    timed = ', '.join(f'{_title(each)} {time:.1f}' for each, time in zip(engines, milliseconds, strict=True))
    return f'engine {_title(engines[best])}, the fastest here (milliseconds per pass: {timed})'


def _title(engine: Engine) -> str:
    return f'{engine.name} {engine.precision}'
