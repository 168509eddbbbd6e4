# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""engines/ of a model folder: made, measured, calibrated and written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from uncd_ros.durable import write_durably
from uncd_ros.errors import ModelError, UnsuitableEngineError
from uncd_ros.export.frames import Frame, Frames, range_frames
from uncd_ros.export.graph import to_onnx
from uncd_ros.export.measure import Measured, calibrate, measure
from uncd_ros.export.openvino_files import convert, quantise, to_files
from uncd_ros.model.engine_parity import PROBE_SOURCE, infer_one, probe, probe_images
from uncd_ros.model.engine_record import ENGINES_FOLDER, EngineRecord, encode_engine, served_digest
from uncd_ros.model.engine_wish import BF16, F32, INT8, OPENVINO
from uncd_ros.model.fit import STRETCH, place
from uncd_ros.model.inference import network_input
from uncd_ros.model.openvino_engine import OpenVinoEngine
from uncd_ros.model.store import StoredModel, sha256
from uncd_ros.model.torch_engine import TorchEngine
from uncd_ros.network.student import Normalise

RANGE_FRAMES = 100
"""Frames from which the ranges of the activations are taken, evenly spread."""
PACKAGES = ('torch', 'onnx', 'openvino', 'nncf')


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """One engine before it is measured; two may share their files."""

    files: Mapping[str, bytes]
    """Name in engines/ -> content; .xml and .bin."""
    engine: OpenVinoEngine


def export(model: StoredModel, frames: Frames | None, source: str, say: Callable[[str], None]) -> list[EngineRecord]:
    """Write engines/ into the model's folder; int8 only where there are frames, which `source` names.

    An engine that this CPU cannot run, so that it cannot be measured, is left out, and `say` is told. Raises ModelError
    where OpenVINO refuses the network, or a file cannot be written.
    """
    reference = TorchEngine(model, 'cpu')
    say('writing ONNX')
    onnx = to_onnx(model)
    artefacts: dict[str, Artefact] = {}
    for precision, files in _openvino_files(model, onnx, frames, say).items():
        graph, weights = files.values()
        try:
            engine = OpenVinoEngine(graph, weights, precision=precision, card=model.card)
        except UnsuitableEngineError as error:
            say(f'openvino {precision} is left out: {error}')
        else:
            artefacts[precision] = Artefact(files=files, engine=engine)
    say(f'comparing {", ".join(artefacts)} with torch on {source if frames else PROBE_SOURCE}')
    engines = {precision: artefact.engine for precision, artefact in artefacts.items()}
    measured = measure(reference, engines, _measured_frames(model, frames), source if frames else PROBE_SOURCE)
    expected = [infer_one(reference, image) for image in probe_images(model.card)]
    records = []
    for precision, artefact in artefacts.items():
        record = _record(model, precision, measured[precision], frames)
        record = replace(record, probe=probe(expected, artefact.engine))
        records.append(_write(model.folder, record, artefact.files))
    # The ONNX graph is what the float32 one was made from: their parity is one.
    as_onnx = replace(records[0], engine='onnx', files={})
    return [_write(model.folder, as_onnx, {'model.onnx': onnx}), *records]


def _openvino_files(
    model: StoredModel, onnx: bytes, frames: Frames | None, say: Callable[[str], None]
) -> dict[str, dict[str, bytes]]:
    """Precision -> files, the .xml first. bfloat16 is a way to run the float32 files."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'model.onnx'
        path.write_bytes(onnx)
        graph = convert(path)
        found = {F32: _named(F32, *to_files(graph))}
        found[BF16] = found[F32]
        if frames is not None:
            say('quantising')
            found[INT8] = _named(INT8, *to_files(quantise(graph, _inputs(model, range_frames(frames, RANGE_FRAMES)))))
        else:
            say('int8 is left out: it needs frames, expected --calibration')
    return found


def _named(precision: str, graph: bytes, weights: bytes) -> dict[str, bytes]:
    return {f'openvino_{precision}.xml': graph, f'openvino_{precision}.bin': weights}


def _inputs(model: StoredModel, frames: Iterable[Frame]) -> Iterable[np.ndarray]:
    """(1, h, w, 3) uint8 of the network's size."""
    normalise = Normalise(model.card.student)
    for frame in frames:
        placement = place(STRETCH, (frame.image.shape[0], frame.image.shape[1]), normalise.size)
        pixels = network_input(normalise, frame.image, placement, torch.device('cpu'))
        yield pixels.permute(0, 2, 3, 1).contiguous().numpy()


def _measured_frames(model: StoredModel, frames: Frames | None) -> Iterable[Frame]:
    if frames is None:
        return (Frame(image=image, labels=None) for image in probe_images(model.card))
    return (frames[index] for index in range(len(frames)))


def _record(model: StoredModel, precision: str, measured: Measured, frames: Frames | None) -> EngineRecord:
    """Without its files, and with a probe that is still that of the frames."""
    card = model.card
    found = calibrate(card, measured, frames)
    refusal = found if isinstance(found, str) else ''
    return EngineRecord(
        engine=OPENVINO,
        precision=precision,
        weights_sha256=card.weights_sha256,
        served=served_digest(card),
        input_height=card.student.input_height,
        input_width=card.student.input_width,
        parity=measured.parity,
        probe=measured.parity,
        calibration=None if isinstance(found, str) else found,
        refusal=refusal,
        versions={name: version(name) for name in PACKAGES},
    )


def _write(folder: Path, record: EngineRecord, files: Mapping[str, bytes]) -> EngineRecord:
    """The files first: a record that is there speaks of files that are."""
    stored = replace(record, files={name: sha256(data) for name, data in files.items()})
    for name, data in {**files, stored.file_name: encode_engine(stored)}.items():
        path = folder / ENGINES_FOLDER / name
        try:
            path.parent.mkdir(exist_ok=True)
            write_durably(path, data)
        except OSError as error:
            raise ModelError(f'{path}: cannot be written ({error.strerror})') from None
    return stored
