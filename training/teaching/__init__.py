# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks as a teacher, what a student is taught of them, and the student that learns it."""
