# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recorded drive before the student: what it says about each image, and what that is worth over time."""
