# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Uncertainties of a pixel, scores of an image, and the confidence calibrated from them."""
