# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What was found about pixel anomalies; field names are the keys of report.json."""

from dataclasses import dataclass

from uncd_ros.evaluation.components import ComponentResult


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelAnomaly:
    """How well a score separates anomalous pixels from normal ones (Fishyscapes, SegmentMeIfYouCan)."""

    ap: float
    """Average precision, in [0, 1]; that of a score without information is the share of anomalous pixels."""
    auroc: float
    fpr95: float
    """Share of normal pixels above the threshold that detects 95 % of the anomalous ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivableAnomaly:
    """The same inside the drivable region, as the first evaluated model sees it."""

    share: float
    """Of the anomalous pixels, those that lie in it; the others are lost to whoever looks there alone."""
    score: dict[str, PixelAnomaly]
    components: dict[str, ComponentResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyResult:
    """One network on one set of images with unknown objects; scores by name."""

    images: int
    score: dict[str, PixelAnomaly]
    """Over all pixels that the masks do not ignore."""
    components: dict[str, ComponentResult]
    drivable: DrivableAnomaly
