# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Members of the ensemble: their networks, weights and training."""
