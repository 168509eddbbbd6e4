# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The last seconds before an alarm and the first after it, as a bag: buffer, event, writing, quota."""
