# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recorded drive evaluated: timeline, alarms, events, labels, report."""
