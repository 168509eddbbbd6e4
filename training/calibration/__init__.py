# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model serves, how sure it may be and when its alarm rises; each choice with its evidence."""
