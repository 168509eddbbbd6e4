# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a model and its node are on this machine, each time after a check of the result."""
