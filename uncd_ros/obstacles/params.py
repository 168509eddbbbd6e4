# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What counts as an obstacle; apart from what finds one, for a command line that only prints its help."""

from dataclasses import dataclass, replace

from uncd_ros.checks import check_range


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleParams:
    """What counts as an obstacle. Raises ConfigError for a number that is out of range."""

    level: int = 0
    """Anomaly level of a pixel, 1 to 255, from which on it is anomalous; 0 is the model's own."""
    smallest: float = 0.0
    """Area of the smallest obstacle, as a share of the image's, 0 to 1; 0 is the model's own."""
    images: int = 3
    """Images in a row that must show an obstacle before it is one, 1 or more."""

    def __post_init__(self) -> None:
        check_range('obstacles.level', self.level, 0, 255)
        check_range('obstacles.smallest', self.smallest, 0.0, 1.0)
        check_range('obstacles.images', self.images, 1, 1000)

    def of_model(self, level: int, smallest: float) -> 'ObstacleParams':
        """The same with what a model has, where nothing was asked for."""
        return replace(self, level=self.level or level, smallest=self.smallest or smallest)
