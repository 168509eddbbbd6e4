# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rosbag2 without ROS: read, recovered when cut short, and written."""
