# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The environment in which camera images travel between processes whole and quickly.

With 2048x1024 images at 20 Hz, 18 of 60 arrived as things come, 60 of 60 with these settings.
"""

from collections.abc import Mapping
from importlib.metadata import version

from uncd_ros.resources import share_path


def large_image_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables to add to those of `environment`; what the user has set there stays as it is."""
    kilted_or_later = int(version('rclpy').split('.')[0]) >= 9  # Fast DDS 3 renamed its variable
    variables = {
        'FASTDDS_DEFAULT_PROFILES_FILE' if kilted_or_later else 'FASTRTPS_DEFAULT_PROFILES_FILE': str(
            share_path('config', 'fastdds_large_images.xml')
        ),
        # Or the allocator gives an image's memory back and asks for it anew with every message.
        'MALLOC_MMAP_THRESHOLD_': str(2**30),
        'MALLOC_TRIM_THRESHOLD_': str(2**31 - 1),
        'MALLOC_TOP_PAD_': str(2**26),
    }
    return {name: value for name, value in variables.items() if name not in environment}
