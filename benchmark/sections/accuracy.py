# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every engine on frames that calibrated none of them, and on images that are out of distribution."""

from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import torch

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
"""In the folder of the data; the first as it comes, and every image of the second."""
MOST = 100
"""Images of each of them."""


def measure(bench: Bench) -> Section:
    """Nothing where the data are not on this machine."""
    card = load_model(bench.model).card
    dataset = card.calibration_data.dataset
    if dataset not in dataset_names() or not data_folder(dataset).is_dir():
        print(f'left out: no data set {data_folder(dataset)}')
        return Section()
    val = open_dataset(DataSettings(dataset=dataset), card.student).split('val')
    engines = {title(wish): open_predictor(load_model(bench.model), wish).engine for wish in bench.wishes}
    rows = {name: of_engine(engine, val, every=10 if bench.short else 1) for name, engine in engines.items()}
    return Section(rows=rows)


def of_engine(engine: Engine, val: LabelledFrames, every: int) -> dict[str, float]:
    """One engine's figures."""
    meter, scores = AccuracyMeter(engine.card), []
    for index in range(0, len(val), every):
        output = infer_one(engine, val[index].image)
        meter.update(output, val[index].labels)
        scores.append(output.score)
    accuracy = meter.accuracy()
    assert accuracy
    alarms = false_alarms(scores, [val.sequences[index] for index in range(0, len(val), every)], engine.card.ood)
    figures = asdict(accuracy) | {'above_threshold': alarms.observed}
    for place in filter(Path.exists, map(data_folder, OOD)):
        figures[f'ood_auroc_{place.parent.name}'] = ood_auroc(engine, place, scores, every)
    return figures


def ood_auroc(engine: Engine, place: Path, nominal: list[float], every: int) -> float:
    """How well the image score tells the images of a place from nominal ones, whose scores are given."""
    images = islice(open_source(str(place)), 0, MOST * every, every)
    anomalous = [infer_one(engine, np.ascontiguousarray(image[..., ::-1])).score for image in images]
    ranking = Ranking()
    ranking.update(torch.tensor(nominal + anomalous), torch.arange(len(nominal) + len(anomalous)) >= len(nominal))
    return ranking.auroc()
