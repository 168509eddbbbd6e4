# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every engine on frames that calibrated none of them, and on images that are out of distribution."""

from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.section import Bench, Section, title
from benchmark.sections.predictor import open_predictor
from training.data.labelled_frames import LabelledFrames
from training.data.splits import data_folder, dataset_names, open_dataset
from training.run.settings import DataSettings
from uncd_ros.evaluation.false_alarms import false_alarms
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.export.measure import AccuracyMeter
from uncd_ros.model.engine import Engine
from uncd_ros.model.engine_parity import infer_one
from uncd_ros.model.store import load_model
from uncd_ros.sources.frame_source import open_source

OOD = ('video/rain.mp4', 'idd_lite_dev/images')
"""In the folder of the data."""
MOST = 100
"""The first images of each of them."""


def measure(bench: Bench) -> Section:
    """Nothing where the data are not on this machine."""
    card = load_model(bench.model).card
    dataset = card.calibration_data.dataset
    if dataset not in dataset_names() or not data_folder(dataset).is_dir():
        print(f'left out: no data set {data_folder(dataset)}')
        return Section()
    val = open_dataset(DataSettings(dataset=dataset), card.student).split('val')
    engines = {title(wish): open_predictor(load_model(bench.model), wish).engine for wish in bench.wishes}
    every = 10 if bench.short else 1
    rows, scores = {}, {}
    for name, engine in engines.items():
        rows[name], scores[name] = on_val(engine, val, every)
    for place in filter(Path.exists, map(data_folder, OOD)):
        images = list(islice(open_source(str(place)), MOST // every))
        for name, engine in engines.items():
            rows[name][f'ood_auroc_{place.parent.name}'] = ood_auroc(engine, images, scores[name])
    return Section(rows=rows)


def on_val(engine: Engine, val: LabelledFrames, every: int) -> tuple[dict[str, float], list[float]]:
    """Figures of one engine, and its image scores."""
    meter, scores = AccuracyMeter(engine.card), []
    for index in range(0, len(val), every):
        output = infer_one(engine, val[index].image)
        meter.update(output, val[index].labels)
        scores.append(output.score)
    accuracy = meter.accuracy()
    assert accuracy
    alarms = false_alarms(scores, [val.sequences[index] for index in range(0, len(val), every)], engine.card.ood)
    return asdict(accuracy) | {'above_threshold': alarms.observed}, scores


def ood_auroc(engine: Engine, images: list[NDArray[np.uint8]], nominal: list[float]) -> float:
    """How well the image score tells BGR images from nominal ones, whose scores are given."""
    anomalous = [infer_one(engine, np.ascontiguousarray(image[..., ::-1])).score for image in images]
    ranking = Ranking()
    ranking.update(torch.tensor(nominal + anomalous), torch.arange(len(nominal) + len(anomalous)) >= len(nominal))
    return ranking.auroc()
