# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives that a student was trained on calibrate nothing: it scores them lower than new ones."""

from dataclasses import replace
from pathlib import Path

from training.data.dataset import matches
from training.data.labelled_frames import LabelledFrames
from training.data.splits import data_folder, open_dataset
from training.run.settings import DataSettings
from uncd_ros.errors import ConfigError
from uncd_ros.model.card import ModelCard


def check_unseen(card: ModelCard, settings: DataSettings, calibration: LabelledFrames) -> None:
    """Raise ConfigError if the card shows that the student was trained on one of the calibration drives.

    The card names the data set, the drives that were left out, and the fingerprint of the frames. So it knows data that
    lie where they lay in training, and the same frames anywhere else; of other data it knows nothing.
    """
    own = card.provenance.config.get('data', {})
    if own.get('dataset') != settings.dataset:
        return
    trained = DataSettings(**own)
    whole = open_dataset(replace(trained, root=settings.root), card.student).split('train')
    train = whole.select(lambda sequence: not matches(sequence, trained.holdout))
    seen = sorted(set(calibration.sequences) & set(train.sequences))
    if seen and (_folder(settings) == _folder(trained) or train.fingerprint() == card.provenance.data_fingerprint):
        left_out = ', '.join(trained.holdout) or 'drives of other data'
        raise ConfigError(f'--holdout {", ".join(seen)}: {card.name} was trained on it, expected {left_out}')


def _folder(settings: DataSettings) -> Path:
    return (Path(settings.root) if settings.root else data_folder(settings.dataset)).resolve()
