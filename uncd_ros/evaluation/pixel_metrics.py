# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One network before labelled frames: everything that can be said of its pixels, and the scores of its images."""

from collections.abc import Callable, Sequence
from math import isnan, nan
from statistics import fmean
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.foreground import UNCHOSEN, ForegroundMetrics, ForegroundScores
from uncd_ros.evaluation.metrics import CalibrationError, ConfusionMatrix, ProbabilityScores
from uncd_ros.evaluation.patches import PatchMetrics, conditional_probabilities
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.evaluation.results import (
    CalibrationResult,
    ClassResult,
    Confidence,
    ErrorDetection,
    Segmentation,
)
from uncd_ros.evaluation.retention import Retention
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.confidence import ConfidenceCurve
from uncd_ros.scores.image import image_score
from uncd_ros.scores.pixel import STDS, pixel_uncertainty

Network = Callable[[Tensor], StudentOutput]
"""(1, 3, H, W) uint8 RGB -> its output, at the network's own size."""

PAPER = 'mean_std'
"""The paper's pixel uncertainty, eq. 8."""
DUDES = 'predicted_std'
"""That of DUDES."""


def to_size(output: StudentOutput, height: int, width: int) -> StudentOutput:
    """Both maps at the size of the labels, bilinear: labels themselves are never interpolated."""
    if output.logits.shape[-2:] == (height, width):
        return output
    maps = (output.logits, output.std)
    logits, std = (functional.interpolate(m, (height, width), mode='bilinear', align_corners=False) for m in maps)
    return output._replace(logits=logits, std=std)


class Pixels(NamedTuple):
    """The N valid pixels of one image."""

    ground_truth: Tensor
    """(N,) ids."""
    predicted: Tensor
    """(N,) ids."""
    log_p: Tensor
    """(C, N)."""
    uncertainties: dict[str, Tensor]
    """Name -> (N,)."""
    valid: Tensor
    """(H, W) bool; where they are."""


class ErrorMetrics:
    """What training must know: accuracy, calibration, and the detection of wrong pixels."""

    def __init__(self, num_classes: int, uncertainties: Sequence[str], curve: ConfidenceCurve | None = None) -> None:
        """`curve` turns the first uncertainty, which must be the served one, into the evaluated confidence."""
        self.confusion, self.calibration = ConfusionMatrix(num_classes), CalibrationError()
        self.errors = {name: Ranking() for name in uncertainties}
        self.served, self.curve, self.served_confidence = uncertainties[0], curve, CalibrationError()

    def update(self, output: StudentOutput, labels: Tensor) -> Pixels:
        """Maps (1, C, h, w) of any size and labels (H, W) uint8 of one image; pixels to ignore count nowhere."""
        output = to_size(output, *labels.shape)
        labels = labels.to(output.logits.device)
        valid = labels != IGNORE_INDEX
        ground_truth = labels[valid]
        log_p = torch.log_softmax(output.logits[0], dim=0)[:, valid]
        confidence, predicted = log_p.exp().max(dim=0)
        wrong = predicted != ground_truth
        self.confusion.update(predicted, ground_truth)
        self.calibration.update(confidence, ~wrong)
        maps = {name: pixel_uncertainty(name, output) for name in self.errors}
        uncertainties = {name: uncertainty[0][valid] for name, uncertainty in maps.items()}
        for name, ranking in self.errors.items():
            ranking.update(uncertainties[name], wrong)
        if self.curve:
            confidence_map = self.curve.confidence(output.others, maps[self.served])[0][valid]
            self.served_confidence.update(confidence_map / 255.0, ~wrong)
        return Pixels(
            ground_truth=ground_truth, predicted=predicted, log_p=log_p, uncertainties=uncertainties, valid=valid
        )


class PixelMetrics(ErrorMetrics):
    """Everything the report says about pixels."""

    def __init__(
        self, num_classes: int, uncertainties: Sequence[str], served: str, curve: ConfidenceCurve | None = None
    ) -> None:
        super().__init__(num_classes, (served, *(name for name in uncertainties if name != served)), curve)
        self.probability, self.retention = ProbabilityScores(), Retention(num_classes)
        self.patches, self.foreground = PatchMetrics(), ForegroundMetrics() if num_classes == 2 else None
        self.class_uncertainty = {name: torch.zeros(num_classes, dtype=torch.float64) for name in STDS}

    def update(self, output: StudentOutput, labels: Tensor) -> Pixels:
        """As `ErrorMetrics`."""
        pixels = super().update(output, labels)
        self.probability.update(pixels.log_p, pixels.ground_truth)
        self.retention.update(pixels.uncertainties[self.served], pixels.predicted, pixels.ground_truth)
        wrong = pixels.predicted != pixels.ground_truth
        self.patches.update(pixels.uncertainties[self.served], wrong, pixels.valid)
        if self.foreground:
            self.foreground.add(pixels.log_p, pixels.ground_truth)
        for name in self.class_uncertainty.keys() & pixels.uncertainties.keys():
            sums = self.class_uncertainty[name]
            weights = pixels.uncertainties[name].double()
            sums += torch.bincount(pixels.ground_truth.long(), weights=weights, minlength=len(sums)).cpu()
        return pixels

    def segmentation(self, classes: Sequence[str], foreground_above: float = UNCHOSEN) -> Segmentation:
        """Table 1: IoU and mean uncertainty a class; with two classes, how well the second is found."""
        per_class = {
            name: ClassResult(iou=iou, mean_uncertainty=mean)
            for name, iou, mean in zip(classes, self.confusion.iou(), self._class_means(PAPER), strict=True)
        }
        found = self.foreground.scores(foreground_above) if self.foreground else ForegroundScores(dsc=nan, mcc=nan)
        stds = [mean for mean in self._class_means(DUDES) if not isnan(mean)]
        return Segmentation(
            miou=self.confusion.miou(),
            pixel_accuracy=self.confusion.accuracy(),
            munc=fmean(stds) if stds else nan,
            dsc=found.dsc,
            mcc=found.mcc,
            threshold=foreground_above if self.foreground else nan,
            per_class=per_class,
        )

    def _class_means(self, name: str) -> list[float]:
        """Mean uncertainty of each class; NaN for a class that is not there, and for all without this uncertainty."""
        # Sums of 0 must not pass for a mean of 0.
        means = self.class_uncertainty[name] / self.confusion.counts.sum(1)
        return means.tolist() if name in self.errors else [nan] * len(means)

    def calibrated(self) -> CalibrationResult:
        """Calibration of the class probabilities."""
        return CalibrationResult(
            ece=self.calibration.ece(),
            nll=self.probability.nll(),
            brier=self.probability.brier(),
            confidence_ece=self.served_confidence.ece(),
        )

    def error_detection(self, name: str) -> ErrorDetection:
        """How well an uncertainty detects wrong pixels; NaN for one that this network does not have."""
        ranking = self.errors.get(name, Ranking())
        return ErrorDetection(auroc=ranking.auroc(), aupr=ranking.aupr(), fpr95=ranking.fpr95(), aurc=ranking.aurc())

    def confidence(self) -> Confidence:
        """Accurate and certain, or uncertain and inaccurate, cut at the mean of the served uncertainty."""
        ranking = self.errors[self.served]
        return conditional_probabilities(ranking, ranking.mean())


class ImageScores:
    """Some image scores of every image, in order and exact: a few numbers an image are all that grows with a set."""

    def __init__(self, uncertainty: str, names: Sequence[str]) -> None:
        self.uncertainty = uncertainty
        self.values: dict[str, list[float]] = {name: [] for name in names}

    def update(self, output: StudentOutput) -> None:
        """Score one image at the network's own size, as on the robot."""
        maps = pixel_uncertainty(self.uncertainty, output)
        for name, values in self.values.items():
            values.append(float(image_score(name, output, maps)))
