# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Layers that every network is built of; batch norms fold into convolutions for inference."""

from typing import cast

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval


class ConvBnAct(nn.Sequential):
    """Convolution, batch norm, activation (nn.Identity is none); padded so that stride alone changes the size."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        act: type[nn.Module] = nn.ReLU6,
        eps: float = 1e-5,
    ) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
            nn.BatchNorm2d(outputs, eps=eps),
            act(inplace=True),
        )


def separable(inputs: int, outputs: int, *, dilation: int = 1) -> nn.Sequential:
    """3x3 depthwise then 1x1 pointwise: a ninth of the dense convolution's work."""
    return nn.Sequential(
        ConvBnAct(inputs, inputs, 3, dilation=dilation, groups=inputs),
        ConvBnAct(inputs, outputs, 1),
    )


def image_context(inputs: int, outputs: int) -> nn.Sequential:
    """Mean over the image, projected: (B, inputs, h, w) -> (B, outputs, 1, 1)."""
    # No batch norm: one pixel an image gives it no statistics at batch 1.
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(inputs, outputs, 1), nn.ReLU6(inplace=True))


def upsample_to(coarse: Tensor, fine: Tensor) -> Tensor:
    """(B, C, h', w') -> (B, C, h, w), bilinear, where (h, w) is the size of `fine`."""
    return functional.interpolate(coarse, fine.shape[-2:], mode='bilinear', align_corners=False)


def fuse_batch_norms(module: nn.Module) -> None:
    """Fold every batch norm into its convolution, in place; for inference, where both are fixed. Once or more often."""
    for child in module.modules():
        if isinstance(child, ConvBnAct) and isinstance(norm := child[1], nn.BatchNorm2d):
            child[0], child[1] = fuse_conv_bn_eval(cast(nn.Conv2d, child[0]), norm), nn.Identity()
