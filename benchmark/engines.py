# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The predictor alone by every engine of a model, in turns, after checking that each gives torch's results.

An image array of the network's size in; labels, uncertainty and score out. The floor is OpenVINO's own latency: the
same files and settings, a request that is given the same tensor over and over, nothing read from it. A model without
engines is exported to a temporary folder first, without calibration frames only in float32.

    python benchmark/engines.py [MODEL] [--calibration FOLDER] [--rounds 40]
"""

import argparse
import shutil
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from uncd_ros.errors import EngineError, ModelError
from uncd_ros.export.__main__ import main as export
from uncd_ros.model.engine_choice import open_engine
from uncd_ros.model.engine_parity import check_probe, infer_one, probe, probe_images
from uncd_ros.model.engine_record import engine_files, read_engine
from uncd_ros.model.engine_wish import OPENVINO
from uncd_ros.model.find import find_model
from uncd_ros.model.openvino_engine import IMAGE, OpenVinoEngine
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import StoredModel, load_model
from uncd_ros.model.torch_engine import TorchEngine


def open_all(model: StoredModel, reference: TorchEngine) -> dict[str, OpenVinoEngine]:
    """Parity before timing: engines that do not give what they gave at their export are left out, and said so."""
    expected = [infer_one(reference, image) for image in probe_images(model.card)]
    engines = {}
    for path in engine_files(model.folder):
        record = read_engine(path)
        if record.engine != OPENVINO:
            continue
        try:
            engine = open_engine(path, model)
            check_probe(probe(expected, engine), record.probe, model.card.ood)
        except (EngineError, ModelError) as error:
            print(f'{record.title:14} left out: {error}')
            continue
        parity = record.parity
        print(
            f'{record.title:14} labels equal {parity.labels_equal:.2%}, score {parity.score_shift:+.3f}, '
            f'confidence {parity.confidence_difference:.4f}, on {parity.images} images of {parity.source}'
        )
        if parity.torch and parity.engine:
            ours, theirs = parity.engine, parity.torch
            print(
                f'{"":14} mIoU {ours.miou:.4f} (torch {theirs.miou:.4f}), ECE of the confidence '
                f'{ours.confidence_ece:.4f} ({theirs.confidence_ece:.4f}), error AUROC {ours.error_auroc:.4f} '
                f'({theirs.error_auroc:.4f})'
            )
        engines[record.precision] = engine
    return engines


def floor(engine: OpenVinoEngine, tensor: np.ndarray) -> None:
    """What OpenVINO itself needs."""
    engine.request.infer({IMAGE: tensor}, share_inputs=True, share_outputs=True)


def measure(model: StoredModel, rounds: int) -> None:
    reference = TorchEngine(model, 'cpu')
    engines = open_all(model, reference)
    image = next(iter(probe_images(model.card)))
    tensor = np.ascontiguousarray(image[None])
    predictors = {'torch f32': Predictor(model, engine=reference)}
    predictors |= {f'openvino {name}': Predictor(model, engine=engine) for name, engine in engines.items()}
    passes = {name: lambda predictor=predictor: predictor.predict(image) for name, predictor in predictors.items()}
    passes |= {f'floor {name}': lambda engine=engine: floor(engine, tensor) for name, engine in engines.items()}
    times: dict[str, list[float]] = {name: [] for name in passes}
    for turn in range(rounds + 2):
        for name, run in passes.items():
            start = time.perf_counter()
            run()
            if turn > 1:
                times[name].append(1e3 * (time.perf_counter() - start))
    for name, values in times.items():
        speedup = median(theirs / ours for theirs, ours in zip(times['torch f32'], values, strict=True))
        text = f'{name:14} {median(values):7.1f} ms, {speedup:5.2f} x as fast as torch'
        if (bare := times.get(name.replace('openvino', 'floor'))) and name.startswith('openvino'):
            text += f', {median(ours / its for ours, its in zip(values, bare, strict=True)):.2f} x its floor'
        print(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', nargs='?', default='camvid', help='model folder, or name of a built-in model')
    parser.add_argument('--calibration', metavar='FOLDER', help='as of uncd_ros.export, for a model without engines')
    parser.add_argument('--rounds', type=int, default=40, help='passes of each that are timed (%(default)s)')
    given = parser.parse_args()
    folder = find_model(given.model)
    with TemporaryDirectory() as temporary:
        if not any(engine_files(folder)):
            folder = Path(shutil.copytree(folder, Path(temporary) / folder.name))
            if export([str(folder), *(('--calibration', given.calibration) if given.calibration else ())]):
                return 1
        measure(load_model(folder), given.rounds)
    return 0


if __name__ == '__main__':
    sys.exit(main())
