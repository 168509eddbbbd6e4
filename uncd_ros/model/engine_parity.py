# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far an engine's results are from torch's, and whether they are what was measured when it was exported."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from uncd_ros.errors import EngineError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.engine import Engine, EngineOutput
from uncd_ros.model.engine_record import Parity
from uncd_ros.model.fit import STRETCH, place
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.stopwatch import Stopwatch
from uncd_ros.street.drive import StreetDrive

PROBE_SOURCE, PROBE_FRAMES = 'the procedural street', (0, 250, 520)
"""By day, in fog, by night."""
LABELS_MARGIN, SCORE_MARGIN = 0.01, 0.05
"""Share of the pixels, and of the spread of the calibration scores, by which two machines may differ."""
EQUAL = Parity(
    source=PROBE_SOURCE,
    images=len(PROBE_FRAMES),
    labels_equal=1.0,
    uncertainty_difference=0.0,
    confidence_difference=0.0,
    score_shift=0.0,
    score_difference=0.0,
)
"""Of an engine without a calibration of its own: it must give torch's results, within the same margins."""


def probe_images(card: ModelCard) -> Iterator[NDArray[np.uint8]]:
    """(h, w, 3) RGB images of the network's size that every machine can make."""
    height, width = card.student.input_size
    drive = StreetDrive(height=height, width=width)
    return (drive.scene(frame).image for frame in PROBE_FRAMES)


def infer_one(engine: Engine, image: NDArray[np.uint8]) -> EngineOutput:
    """With confidence; an image of another shape is stretched, as calibration does."""
    placement = place(STRETCH, (image.shape[0], image.shape[1]), engine.card.student.input_size)
    (output,) = engine.infer([image], [placement], Stopwatch(), confidence=True, anomaly=False)
    return output


def score_spread(rule: OodRule) -> float:
    """How far the middle nine tenths of the calibration scores are apart: the scale on which differences count."""
    low, high = np.quantile(rule.calibration_scores, (0.05, 0.95))
    return float(high - low)


class ParityMeter:
    """Differences over a stream of images."""

    def __init__(self) -> None:
        self._images: list[tuple[float, float, float, float]] = []

    def update(self, reference: EngineOutput, output: EngineOutput) -> None:
        """What torch and the engine give for the next image, with confidence."""
        assert reference.confidence is not None and output.confidence is not None
        self._images.append(
            (
                float(np.mean(output.labels == reference.labels)),
                float(np.abs(output.uncertainty - reference.uncertainty).mean()),
                float(np.abs(output.confidence / 255.0 - reference.confidence / 255.0).mean()),
                output.score - reference.score,
            )
        )

    def parity(self, source: str) -> Parity:
        """Of all images so far, at least one; `source` says where they are from."""
        labels, uncertainty, confidence, score = np.asarray(self._images).T
        return Parity(
            source=source,
            images=len(self._images),
            labels_equal=float(labels.mean()),
            uncertainty_difference=float(uncertainty.mean()),
            confidence_difference=float(confidence.mean()),
            score_shift=float(score.mean()),
            score_difference=float(np.abs(score).max()),
        )


def probe(reference: Sequence[EngineOutput], engine: Engine) -> Parity:
    """An engine beside what torch gives for the probe images."""
    meter = ParityMeter()
    for expected, image in zip(reference, probe_images(engine.card), strict=True):
        meter.update(expected, infer_one(engine, image))
    return meter.parity(PROBE_SOURCE)


def check_probe(found: Parity, expected: Parity, rule: OodRule) -> None:
    """Raise EngineError unless an engine computes here what it is expected to compute, as where it was exported."""
    if not found.labels_equal >= expected.labels_equal - LABELS_MARGIN:
        raise EngineError(
            f'labels are equal to those of torch on {found.labels_equal:.1%} of the pixels, '
            f'expected {expected.labels_equal:.1%}, give or take {LABELS_MARGIN:.1%}'
        )
    if not abs(found.score_shift - expected.score_shift) <= (margin := SCORE_MARGIN * score_spread(rule)):
        raise EngineError(
            f'image scores are {found.score_shift:+.3f} from those of torch, '
            f'expected {expected.score_shift:+.3f}, give or take {margin:.3f}'
        )
