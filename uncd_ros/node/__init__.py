# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS nodes; the only folder that imports rclpy or a message package."""

import os

# Read by OpenMP when torch is loaded. A thread that spins while it waits for the others of its team is fastest on a
# machine that does nothing else, and ruinous beside others: benchmark/NOTES.md has both. Who knows better, sets it.
os.environ.setdefault('GOMP_SPINCOUNT', '0')
# The same of OpenCV's threads: on the small parts of a camera image they gain nothing, and wait for more by spinning.
os.environ.setdefault('OPENCV_FOR_THREADS_NUM', '1')
