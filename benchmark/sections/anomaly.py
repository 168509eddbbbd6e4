# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What looking for unknown objects adds to a pass, by every engine: the anomaly of each pixel, then the obstacles."""

from benchmark.section import Bench, Section, key, median_ratio, p50_p99, title
from benchmark.sections.predictor import in_turns, open_predictor
from uncd_ros.errors import UncdError
from uncd_ros.model.engine_parity import probe_images
from uncd_ros.model.predictor import Prediction, Predictor
from uncd_ros.model.store import load_model
from uncd_ros.obstacles.drivable import drivable_region
from uncd_ros.obstacles.params import ObstacleParams
from uncd_ros.obstacles.tracker import ObstacleTracker


def measure(bench: Bench) -> Section:
    model = load_model(bench.model)
    section = Section()
    if model.card.anomaly is None:
        return section
    for wish in bench.wishes:
        name, turns = title(wish), Turns(open_predictor(model, wish))
        passes = {name: turns.alone, f'{name}, anomaly': turns.anomaly, f'{name}, and obstacles': turns.obstacles}
        times = in_turns(passes, rounds=4 if bench.short else 15)
        alone, anomaly, obstacles = times.values()
        section.rows.update({what: p50_p99(each) for what, each in times.items()})
        section.ratios[f'anomaly_over_pass_{key(name)}'] = median_ratio(anomaly, alone)
        section.ratios[f'obstacles_over_pass_{key(name)}'] = median_ratio(obstacles, alone)
    return section


class Turns:
    """One image by one engine; what the node computes for its subscribers."""

    def __init__(self, predictor: Predictor) -> None:
        """Raises UncdError where the image has no road, on which alone obstacles are looked for."""
        spec = predictor.card.anomaly
        assert spec is not None
        self.predictor = predictor
        self.image = next(probe_images(predictor.card))
        self.drivable = predictor.card.drivable_ids
        self.params = ObstacleParams().of_model(spec.level, spec.smallest)
        self.tracker = ObstacleTracker()
        if not drivable_region(self.alone().labels, self.drivable).any():
            raise UncdError('no road is seen in the image that is timed, expected some to look for obstacles on')

    def alone(self) -> Prediction:
        """Labels, uncertainty and score."""
        return self.predictor.predict(self.image)

    def anomaly(self) -> Prediction:
        """The anomaly of each pixel as well."""
        return self.predictor.predict(self.image, anomaly=True)

    def obstacles(self) -> None:
        """The obstacles as well."""
        prediction = self.anomaly()
        assert prediction.anomaly is not None
        self.tracker.update(prediction.labels, prediction.anomaly, self.drivable, self.params)
