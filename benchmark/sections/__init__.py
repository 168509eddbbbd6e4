# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sections of `make bench`; each has a `measure` and runs in a process of its own."""
