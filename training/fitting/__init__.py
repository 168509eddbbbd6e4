# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop that members and student share, and its checkpoints."""
