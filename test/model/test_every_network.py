# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever its network, a model is stored, loaded and asked in the same way."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from support.networks import every_network
from support.untrained_model import save_untrained
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.network.student import StudentConfig
from uncd_ros.scores.image import IMAGE_SCORES


@every_network
def test_a_network_comes_back_from_its_folder_and_has_every_image_score(
    decoder: str, encoder: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    config = StudentConfig(
        num_classes=3, encoder=encoder, width=0.25, decoder=decoder, decoder_channels=8, input_height=45, input_width=67
    )
    model = load_model(save_untrained(tmp_path / 'model', config))
    assert model.card.student == config
    image = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    for score in IMAGE_SCORES:
        prediction = Predictor(replace(model, card=replace(model.card, image_score=score)), device='cpu').predict(image)
        assert np.isfinite(prediction.score), score
        assert prediction.labels.shape == (30, 50)
