# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of each decoder and encoder are exported, and give torch's results in float32 and int8."""

from pathlib import Path

import pytest
import torch

from support.exported_model import export_model, nominal_frames
from support.untrained_model import save_untrained
from uncd_ros.model.engine_record import read_engine
from uncd_ros.network.student import StudentConfig


@pytest.mark.parametrize(
    ('decoder', 'encoder'),
    [('fpn', 'mobilenet_v2'), ('deeplab', 'resnet18'), ('unet', 'little_unet'), ('wnet', 'little_unet')],
)
def test_it_gives_what_torch_gives(decoder: str, encoder: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = StudentConfig(
        num_classes=3, encoder=encoder, width=0.25, decoder=decoder, decoder_channels=8, input_height=45, input_width=67
    )
    folder = save_untrained(tmp_path / 'model', config)
    ended = export_model(folder, '--calibration', str(nominal_frames(tmp_path / 'frames', 8)))
    assert ended.returncode == 0, ended.stderr
    exact = read_engine(folder / 'engines' / 'openvino_f32.json').parity
    assert exact.labels_equal > 0.999 and exact.score_difference < 1e-4
    if (int8 := folder / 'engines' / 'openvino_int8.json').exists():  # not on a CPU without its instructions
        assert read_engine(int8).parity.labels_equal > 0.9
