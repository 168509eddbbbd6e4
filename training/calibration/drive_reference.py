# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What features look like on a drive, and the image scores that follow: found without labels, block by block.

The reference of an image comes from the other blocks of the drive, or it would be nearer than a new image is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.calibration.mahalanobis_fit import Reference, reference_of
from uncd_ros.evaluation.false_alarms import BLOCKS
from uncd_ros.model.predictor import Predictor
from uncd_ros.network.student import Student
from uncd_ros.scores.image import image_score
from uncd_ros.stopwatch import Stopwatch

Scores = dict[str, NDArray[np.float64]]
"""Image score -> its value for each image."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the image scores of some images are made of."""

    energies: NDArray[np.float64]
    """(N,)"""
    features: NDArray[np.float64]
    """(N, D), as the encoder gives them."""


def without_reference(student: Student) -> None:
    """Let the features of the encoder pass unchanged."""
    student.mahalanobis.mean.zero_()
    student.mahalanobis.whitening.copy_(torch.eye(len(student.mahalanobis.mean)))


@torch.no_grad()
def measure(predictor: Predictor, images: Iterable[NDArray[np.uint8]]) -> Measured:
    """(H, W, 3) RGB images, which stream; the predictor's student is without reference."""
    energies, features = list[float](), list[NDArray[np.float64]]()
    for image in images:
        _, (output,) = predictor.predict_with_output([image], Stopwatch(), confidence=False, all_maps=True)
        assert output.features is not None
        energies.append(float(image_score('energy', output, output.std[:, 0])))
        features.append(output.features[0].double().cpu().numpy())
    return Measured(energies=np.asarray(energies), features=np.asarray(features))


@dataclass(frozen=True, kw_only=True)
class DriveReference:
    """The reference of a whole drive, and those that each block's images are compared with."""

    whole: Reference
    without_block: tuple[Reference, ...]
    """By block, that of all others."""
    blocks: NDArray[np.int64]
    """(N,) block of each image."""
    scale: float
    """What multiplies the distances, so that they vary as the energies do."""

    @classmethod
    def of(cls, drive: Measured) -> 'DriveReference':
        """Raises ConfigError where the images do not differ."""
        blocks = np.repeat(np.arange(BLOCKS), [len(part) for part in np.array_split(drive.energies, BLOCKS)])
        others = tuple(reference_of(drive.features[blocks != block]) for block in range(BLOCKS))
        distances = _distances(drive.features, others, blocks)
        scale = float(drive.energies.std() / distances.std())
        return cls(whole=reference_of(drive.features), without_block=others, blocks=blocks, scale=scale)

    def scores(self, measured: Measured, images: NDArray[np.int64]) -> Scores:
        """Of what these images of the drive show, by the references without their blocks."""
        return self._scores(measured, _distances(measured.features, self.without_block, self.blocks[images]))

    def scores_of_others(self, measured: Measured) -> Scores:
        """Of images that are not of the drive, as the new model gives them."""
        return self._scores(measured, self.whole.distances(measured.features))

    def install(self, student: Student) -> None:
        """Make it the student's own."""
        student.mahalanobis.mean.copy_(torch.from_numpy(self.whole.mean))
        student.mahalanobis.whitening.copy_(torch.from_numpy(self.scale * self.whole.whitening))

    def _scores(self, measured: Measured, distances: NDArray[np.float64]) -> Scores:
        scaled = self.scale * distances
        return {'energy': measured.energies, 'mahalanobis': scaled, 'energy_mahalanobis': measured.energies + scaled}


def _distances(
    features: NDArray[np.float64], references: tuple[Reference, ...], blocks: NDArray[np.int64]
) -> NDArray[np.float64]:
    distances = np.empty(len(features))
    for block, reference in enumerate(references):
        distances[blocks == block] = reference.distances(features[blocks == block])
    return distances
