# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which trunks there are, by the name of their decoder."""

from uncd_ros.network.deeplab import DeepLab
from uncd_ros.network.fpn import Fpn

DECODERS = {'deeplab': DeepLab, 'fpn': Fpn}
