# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What lies on the road: the region where a robot may drive, and anomalous objects in it."""
