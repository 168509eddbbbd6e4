# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""RGB and BGR."""

import numpy as np
import pytest

from uncd_ros.images.channels import contiguous_bgr

RGB = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
OF_BGR = np.ascontiguousarray(RGB[..., ::-1])[..., ::-1]
PADDED = np.zeros((2, 6, 3), np.uint8)
PADDED[:, :4] = RGB


@pytest.mark.parametrize('image', [RGB, OF_BGR, PADDED[:, :4]], ids=['rgb', 'view of bgr', 'padded rows'])
def test_bgr_is_in_one_piece(image: np.ndarray) -> None:
    bgr = contiguous_bgr(image)
    assert bgr.flags.c_contiguous
    assert (bgr == RGB[..., ::-1]).all()


def test_a_view_of_bgr_is_not_copied() -> None:
    assert np.shares_memory(contiguous_bgr(OF_BGR), OF_BGR)
