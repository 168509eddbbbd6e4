# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The nominal images of a recorded drive, and what their image scores are made of, as the node sees them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from training.calibration.drive_reference import DriveReference, Measured, Scores, measure
from training.data.augment import CALIBRATION_SHIFTS
from training.data.unlabelled import open_unlabelled, stream_frames
from uncd_ros.bags.frames import BagFrame, FrameReader
from uncd_ros.bags.prefetch import prefetch
from uncd_ros.bags.reader import Bag
from uncd_ros.bags.topics import choose_topic
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.model.card import CalibrationData
from uncd_ros.model.predictor import Predictor
from uncd_ros.monitor.camera_health import CameraHealth
from uncd_ros.progress import shown_progress

KEPT = 30
"""Images of the drive that are kept, evenly spread, to be shifted afterwards."""


@dataclass(frozen=True, kw_only=True)
class DriveScores:
    """The nominal images of a drive."""

    bag: str
    """Its name."""
    topic: str
    measured: Measured
    """Of each image, in their order."""
    seconds: list[float]
    """From the start of the bag."""
    left_out: int
    """Images that cannot be read, or that a faulty camera sent."""
    sizes: list[str]
    """Width x height of the images, each once."""
    fingerprint: str
    """SHA-256 over the messages of the images."""
    some: dict[int, NDArray[np.uint8]]
    """Number of an image -> (H, W, 3) RGB, for KEPT of them or a few more."""

    def calibration_data(self) -> CalibrationData:
        """For the model card."""
        return CalibrationData(
            dataset='bag', sequences=(self.bag,), images=len(self.seconds), fingerprint=self.fingerprint
        )


class _Reading:
    """Goes through the frames of a bag and notes all but what the network says."""

    def __init__(self, frames: FrameReader, console: Console) -> None:
        self.seconds: list[float] = []
        self.some: dict[int, NDArray[np.uint8]] = {}
        self.sizes: dict[str, None] = {}
        self.left_out = 0
        self.digest = hashlib.sha256()
        self._frames, self._console = frames, console

    def nominal_images(self) -> Iterator[NDArray[np.uint8]]:
        """Those that can be read and of whose camera nothing is known to be wrong, (H, W, 3) RGB."""
        bag, health, keep_every = self._frames.bag, CameraHealth(), max(1, self._frames.expected // KEPT)
        frames: Iterator[BagFrame] = prefetch(self._frames)
        for frame in shown_progress(bag.name, frames, self._frames.expected, self._console):
            if frame.image is None or health.check(frame.image, frame.stated_size):
                self.left_out += 1
                continue
            image = np.ascontiguousarray(frame.image)
            if len(self.seconds) % keep_every == 0:
                self.some[len(self.seconds)] = image
            self.seconds.append((frame.message.received - bag.start) / 1e9)
            self.sizes[f'{image.shape[1]}x{image.shape[0]}'] = None
            self.digest.update(frame.message.data)
            yield image


def score_drive(path: Path, topic: str | None, every: int, predictor: Predictor, console: Console) -> DriveScores:
    """Every n-th image of a bag; without a topic, it is chosen. Raises BagError where there is none."""
    with Bag(path) as bag:
        chosen, choice = choose_topic(bag, topic, None)
        console.print(f'{bag.name}: {bag.seconds:.1f} s, images of {choice}')
        reading = _Reading(FrameReader(bag, chosen.name, every=every), console)
        measured = measure(predictor, reading.nominal_images())
    return DriveScores(
        bag=bag.name,
        topic=chosen.name,
        measured=measured,
        seconds=reading.seconds,
        left_out=reading.left_out,
        sizes=list(reading.sizes),
        fingerprint=reading.digest.hexdigest(),
        some=reading.some,
    )


@torch.no_grad()
def shifted_scores(predictor: Predictor, drive: DriveScores, reference: DriveReference) -> dict[str, Scores]:
    """Of some images of the drive under each calibration shift."""
    torch.manual_seed(0)
    numbers, found = np.asarray(list(drive.some)), {}
    for name, shift in CALIBRATION_SHIFTS.items():
        shifted = (shift(as_batch(image).float()).byte()[0].permute(1, 2, 0) for image in drive.some.values())
        measured = measure(predictor, (np.ascontiguousarray(image.numpy()) for image in shifted))
        found[name] = reference.scores(measured, numbers)
    return found


def set_scores(predictor: Predictor, ood_sets: tuple[str, ...], reference: DriveReference) -> dict[str, Scores]:
    """Of each OOD set."""
    sources = zip(ood_sets, open_unlabelled(ood_sets), strict=True)
    return {
        path: reference.scores_of_others(measure(predictor, map(np.ascontiguousarray, stream_frames(source))))
        for path, source in sources
    }
