# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Heads: what turns the maps of a trunk into one map a class."""

from torch import nn

from uncd_ros.network.layers import ConvBnAct, separable

HEADS = ('dense', 'separable')


def make_head(kind: str, inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU, then 1x1 convolution (Holder and Shafique, section 3).

    `kind` is 'dense' (the paper's 3x3 convolution) or 'separable' (for robots without a GPU).
    """
    conv = ConvBnAct(inputs, hidden, 3) if kind == 'dense' else separable(inputs, hidden)
    return nn.Sequential(conv, nn.Conv2d(hidden, outputs, 1))
