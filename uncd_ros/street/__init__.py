# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural street: camera images with exact labels, weather and unknown objects."""
