# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics that stream, figures, and the report of a model on labelled and on OOD data."""
