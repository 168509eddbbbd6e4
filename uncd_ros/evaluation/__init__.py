# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What judges a model, on a training machine and on a bag alike."""
