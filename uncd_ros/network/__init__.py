# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student: DeepLabv3+, its encoders and heads."""
