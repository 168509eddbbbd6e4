# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A training run: its settings, its folder, what a person sees of it."""
