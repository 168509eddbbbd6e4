# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoders: strides, tables, and folding batch norms away."""

from typing import Literal

import pytest
import torch

from uncd_ros.network.encoders import ENCODERS, Encoder
from uncd_ros.network.layers import ConvBnAct, fuse_batch_norms


@pytest.mark.parametrize('name', ENCODERS)
@pytest.mark.parametrize('output_stride', [16, 32])
def test_features_lie_at_strides_4_to_the_output_stride(name: str, output_stride: Literal[16, 32]) -> None:
    encoder = Encoder(name, width=0.25, output_stride=output_stride).eval()
    sizes = [(16, 24), (8, 12), (4, 6), (2, 3)][: len(encoder.channels)]
    assert output_stride == 64 // sizes[-1][0]
    features = encoder(torch.zeros(1, 3, 64, 96))
    assert [each.shape for each in features] == [
        (1, channels, *size) for channels, size in zip(encoder.channels, sizes, strict=True)
    ]


def test_efficientnet_lite0_has_the_size_of_the_published_encoder() -> None:
    # 4.65 M published, less the 1x1 head (320 -> 1280 and its norm) and the classifier.
    published = 4_652_008 - (320 * 1280 + 2 * 1280) - (1280 * 1000 + 1000)
    assert sum(p.numel() for p in Encoder('efficientnet_lite0').parameters()) == published


def test_resnet18_has_the_size_of_the_published_encoder() -> None:
    # 11.69 M published, less the classifier.
    published = 11_689_512 - (512 * 1000 + 1000)
    assert sum(p.numel() for p in Encoder('resnet18').parameters()) == published


def test_folding_batch_norms_changes_nothing_but_the_layers() -> None:
    torch.manual_seed(0)
    encoder = Encoder('mobilenet_v2', width=0.25)
    x = torch.randn(4, 3, 64, 64)
    encoder(x)  # running statistics that are not the initial 0 and 1
    encoder.eval()
    with torch.no_grad():
        before = encoder(x)[-1]
        fuse_batch_norms(encoder)
        after = encoder(x)[-1]
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in encoder.modules())
    assert any(isinstance(m, ConvBnAct) for m in encoder.modules())
