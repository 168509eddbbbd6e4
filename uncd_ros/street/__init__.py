# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the procedural street: canvas, objects, ground and weather; `uncd_ros.synthetic` puts them together."""
