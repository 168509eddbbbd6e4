# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model written for other runtimes, each with the parity that was measured and a calibration of its own."""
