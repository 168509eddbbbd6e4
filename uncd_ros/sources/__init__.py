# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can play as a camera: a video, a folder, a bag, the procedural street."""
