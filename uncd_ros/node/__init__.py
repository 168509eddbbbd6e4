# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS nodes; the only folder that imports rclpy or a message package."""
