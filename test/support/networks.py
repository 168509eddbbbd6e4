# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every network that a student can be."""

import pytest

from uncd_ros.network.decoders import DECODERS

every_network = pytest.mark.parametrize(
    ('decoder', 'encoder'), [(decoder, encoder) for decoder, row in DECODERS.items() for encoder in row.encoders]
)
