# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What several tests share: doubles of a camera and of bags, nodes as processes."""
