# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image scores of a recorded drive, as the node would give them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from training.data.augment import CALIBRATION_SHIFTS
from training.data.unlabelled import open_unlabelled, stream_frames
from uncd_ros.bag_evaluation.frame_results import decide, predict
from uncd_ros.bags.frames import FrameReader
from uncd_ros.bags.prefetch import prefetch
from uncd_ros.bags.reader import Bag
from uncd_ros.bags.topics import choose_topic
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.model.card import CalibrationData
from uncd_ros.model.predictor import Predictor
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.monitor.scene_monitor import SILENT_AFTER
from uncd_ros.progress import shown_progress

KEPT = 30
"""Images of the drive that are kept, evenly spread, to be shifted afterwards."""


@dataclass(frozen=True, kw_only=True)
class DriveScores:
    """The nominal images of a drive."""

    bag: str
    """Its name."""
    topic: str
    scores: list[float]
    """Image score of each, in their order."""
    seconds: list[float]
    """From the start of the bag."""
    left_out: int
    """Images that cannot be read, or that a faulty camera sent."""
    sizes: list[str]
    """Width x height of the images, each once."""
    fingerprint: str
    """SHA-256 over the messages of the images."""
    some: list[NDArray[np.uint8]]
    """KEPT of the images or a few more, (H, W, 3) RGB."""

    def calibration_data(self) -> CalibrationData:
        """For the model card."""
        return CalibrationData(
            dataset='bag', sequences=(self.bag,), images=len(self.scores), fingerprint=self.fingerprint
        )


def score_drive(path: Path, topic: str | None, every: int, predictor: Predictor, console: Console) -> DriveScores:
    """Every n-th image of a bag; without a topic, it is chosen. Raises BagError where there is none."""
    scores, seconds, some = list[float](), list[float](), list[NDArray[np.uint8]]()
    digest, sizes, left_out = hashlib.sha256(), dict[str, None](), 0
    with Bag(path) as bag:
        chosen, choice = choose_topic(bag, topic, None)
        console.print(f'{bag.name}: {bag.seconds:.1f} s, images of {choice}')
        frames = FrameReader(bag, chosen.name, every=every)
        keep_every = max(1, frames.expected // KEPT)
        predictions = predict(prefetch(frames), predictor, confidence=False)
        results = decide(predictions, predictor.card, AlarmParams(), bag.start, silent_after=SILENT_AFTER)
        for result in shown_progress(bag.name, results, frames.expected, console):
            image = result.frame.image
            if image is None or (result.decision.fault and not result.decision.fault.startswith('silent')):
                left_out += 1
                continue
            if len(scores) % keep_every == 0:
                some.append(np.ascontiguousarray(image))
            scores.append(result.score)
            seconds.append(result.seconds)
            sizes[f'{image.shape[1]}x{image.shape[0]}'] = None
            digest.update(result.frame.message.data)
    return DriveScores(
        bag=bag.name,
        topic=chosen.name,
        scores=scores,
        seconds=seconds,
        left_out=left_out,
        sizes=list(sizes),
        fingerprint=digest.hexdigest(),
        some=some,
    )


@torch.no_grad()
def detected_shares(
    predictor: Predictor, some: Iterable[NDArray[np.uint8]], ood_sets: tuple[str, ...], threshold: float
) -> dict[str, float]:
    """What is above a threshold: of images of the drive under each calibration shift, and of each OOD set."""
    torch.manual_seed(0)
    shares = {}
    for name, shift in CALIBRATION_SHIFTS.items():
        shifted = (shift(as_batch(image).float()).byte()[0].permute(1, 2, 0).numpy() for image in some)
        shares[name] = _share_above(predictor, shifted, threshold)
    for path, source in zip(ood_sets, open_unlabelled(ood_sets), strict=True):
        shares[path] = _share_above(predictor, stream_frames(source), threshold)
    return shares


def _share_above(predictor: Predictor, images: Iterable[NDArray[np.uint8]], threshold: float) -> float:
    return float(np.mean([predictor.predict(np.ascontiguousarray(image)).score > threshold for image in images]))
