# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The features of a drive: each block is compared with the others, and another place is far from all."""

import numpy as np
import pytest

from training.calibration.drive_reference import DriveReference, Measured


@pytest.fixture(scope='module')
def drive() -> Measured:
    """A hundred images with features of 8 dimensions that drift slowly."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(100, 8)) + np.linspace(0.0, 3.0, 100)[:, None]
    return Measured(energies=generator.normal(size=100), features=features)


def test_an_image_is_compared_with_the_other_blocks(drive: Measured) -> None:
    reference = DriveReference.of(drive)
    scores = reference.scores(drive, np.arange(100))
    # The first block, by hand, from the eighty images behind it.
    others = DriveReference.of(Measured(energies=drive.energies[20:], features=drive.features[20:])).whole
    expected = reference.scale * others.distances(drive.features[:20])
    np.testing.assert_allclose(scores['mahalanobis'][:20], expected)
    assert (scores['mahalanobis'] > reference.scores_of_others(drive)['mahalanobis']).mean() > 0.9
    np.testing.assert_allclose(scores['energy_mahalanobis'], scores['energy'] + scores['mahalanobis'])
    assert scores['mahalanobis'].std() == pytest.approx(scores['energy'].std())


def test_some_images_have_the_references_of_their_blocks(drive: Measured) -> None:
    reference, numbers = DriveReference.of(drive), np.asarray([3, 50, 99])
    some = Measured(energies=drive.energies[numbers], features=drive.features[numbers])
    for name, scores in reference.scores(some, numbers).items():
        np.testing.assert_allclose(scores, reference.scores(drive, np.arange(100))[name][numbers])


def test_another_place_is_far(drive: Measured) -> None:
    reference = DriveReference.of(drive)
    other = Measured(energies=drive.energies, features=drive.features + 20.0 * np.eye(8)[0])
    near = reference.scores(drive, np.arange(100))['mahalanobis'].max()
    assert reference.scores_of_others(other)['mahalanobis'].min() > near
