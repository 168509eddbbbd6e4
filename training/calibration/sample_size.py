# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How many independent values a series is worth, whatever process it comes from."""

import numpy as np
from numpy.typing import NDArray


def effective_sample_size(series: NDArray[np.float64]) -> float:
    """Their number over the integrated autocorrelation time, by the initial positive sequence of Geyer (1992).

    `effective_count` looks at neighbours alone, as if the series were autoregressive. Image scores of a drive are a
    slow change and a fast noise on it: there it counts the noise, and promises too much.
    """
    n = len(series)
    centred = series - series.mean()
    if n < 2 or not centred.any():
        return 1.0
    covariances = np.correlate(centred, centred, 'full')[n - 1 :]
    pairs = (covariances[: n // 2 * 2] / covariances[0]).reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0.0)
    time = 2.0 * pairs[: negative[0] if len(negative) else None].sum() - 1.0
    return float(np.clip(n / max(time, 1.0), 1.0, n))
