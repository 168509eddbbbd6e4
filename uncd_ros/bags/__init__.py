# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rosbag2 folders and files, read and written without a ROS installation."""
