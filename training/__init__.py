# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What runs on the training machine: from labelled images to a model folder."""
