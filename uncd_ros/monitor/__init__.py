# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decision core: camera faults, anomalous scenes, and the alarm over time."""
