# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who is judged and on what; uncd_ros.evaluation does the judging."""
