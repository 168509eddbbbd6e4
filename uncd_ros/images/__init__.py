# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images: the fields of messages to arrays, image files, colours, contact sheets."""
