# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Series of which it is known what they are worth."""

import numpy as np


def autoregressive(generator: np.random.Generator, count: int, r: float) -> np.ndarray:
    """Of variance 1, neighbours correlated by r: worth count (1 - r) / (1 + r) independent values."""
    steps, series = generator.normal(size=count + 500) * np.sqrt(1.0 - r * r), [0.0]
    for step in steps:
        series.append(r * series[-1] + step)
    return np.asarray(series[-count:])
