# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far the decoder's features of a pixel are from those of every class: one convolution and a few products."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class FeatureDistance(nn.Module):
    """Mahalanobis distance of each pixel's features to the nearest class mean, with one covariance for all classes.

    With that covariance S and W W^T = S^-1, the distance of features f to a mean m is |W^T f - W^T m|. So features are
    whitened once, by a 1x1 convolution, in K principal directions of S; and since |z - m|^2 is
    |z|^2 - 2 m z + |m|^2, the distances to all means are one more.
    """

    whitening: Tensor
    means: Tensor

    def __init__(self, whitening: Tensor, means: Tensor) -> None:
        """`whitening` is (K, D), `means` (C, K): those of the classes, whitened."""
        super().__init__()
        self.register_buffer('whitening', whitening, persistent=False)
        self.register_buffer('means', means, persistent=False)

    def forward(self, fine: Tensor) -> Tensor:
        """(B, D, h, w) -> (B, h, w)."""
        z = functional.conv2d(fine.float(), self.whitening[:, :, None, None])
        to_means = functional.conv2d(z, -2.0 * self.means[:, :, None, None], self.means.square().sum(dim=1))
        squared = z.square().sum(dim=1) + to_means.amin(dim=1)
        return torch.sqrt(squared.clamp_min(0.0))
