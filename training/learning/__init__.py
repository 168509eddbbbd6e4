# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Members, what the ensemble of them says, and the student that is taught by it."""
