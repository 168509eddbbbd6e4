# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A live page for the browser: what there is to see, and the server that sends it."""
