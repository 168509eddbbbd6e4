# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ensemble as a teacher, and the student that learns its mean and spread."""
