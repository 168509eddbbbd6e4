# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled images and frames without labels: read, split by drive, augmented."""
