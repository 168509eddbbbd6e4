# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The data sets, a file each: its name is that of the data set, and the class in it knows the layout."""
