# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters that say what counts as an obstacle."""

from uncd_ros.node.parameter import Parameter
from uncd_ros.obstacles.params import ObstacleParams

_DEFAULT = ObstacleParams()
OBSTACLES = (
    Parameter(
        name='obstacles.level',
        default=_DEFAULT.level,
        text="Level of ~/anomaly from which on a pixel on the road may belong to an obstacle; 0 is the model's own.",
        low=0,
        high=255,
        live=True,
    ),
    Parameter(
        name='obstacles.smallest',
        default=_DEFAULT.smallest,
        text="Area of the smallest obstacle as a share of the image's; 0 is the model's own.",
        low=0.0,
        high=1.0,
        live=True,
    ),
    Parameter(
        name='obstacles.images',
        default=_DEFAULT.images,
        text='Images in a row that must show an obstacle before it is reported.',
        unit='images',
        low=1,
        high=1000,
        live=True,
    ),
)
