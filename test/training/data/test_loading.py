# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches are the same whoever reads them, and a bad frame is one line."""

import ctypes
import signal
import sys
from collections.abc import Iterator

import pytest
import torch

from support.tiny_frames import noise_streets
from training.data.augment import Augment
from training.data.labelled_frames import LabelledFrames
from training.data.loading import EpochOrder, ViewDataset, Views, random_seed, stream_views, worker_count
from uncd_ros.errors import ImageError
from uncd_ros.evaluation.results import LabelledFrame

CPU = torch.device('cpu')
PR_GET_PDEATHSIG = 2
"""From Linux' prctl.h."""


def _batches(
    frames: LabelledFrames, workers: int, epochs: range = range(3), crop: tuple[int, int] = (16, 24)
) -> list[Views]:
    dataset = ViewDataset(frames=frames, augment=Augment(crop, (0.3, 1.0), 0.3), seed=7)
    order = EpochOrder(frames=len(frames), batch_size=2, steps=2, epochs=epochs, seed=7)
    return list(stream_views(dataset, order, workers, CPU))


@pytest.fixture(scope='module')
def frames() -> LabelledFrames:
    torch.manual_seed(0)
    return noise_streets(40, 60)


def _assert_same(one: list[Views], other: list[Views]) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels) and a.sequences == b.sequences


@pytest.fixture
def _several_threads() -> Iterator[None]:
    """As a training has them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures('_several_threads')
def test_any_number_of_workers_gives_the_same_batches() -> None:
    torch.manual_seed(0)
    # Large enough for torch to share the work among its threads, which would change the last bit.
    frames = noise_streets(240, 320)
    alone, one, two = (_batches(frames, workers, crop=(160, 240)) for workers in (0, 1, 2))
    assert len(alone) == 6 and alone[0].images.shape == (2, 3, 160, 240) and alone[0].images.dtype == torch.uint8
    _assert_same(alone, one)
    _assert_same(alone, two)


def test_a_later_epoch_needs_none_before_it(frames: LabelledFrames) -> None:
    _assert_same(_batches(frames, 0)[4:], _batches(frames, 1, range(2, 3)))


def test_every_frame_comes_once_an_epoch_and_looks_different_in_each(frames: LabelledFrames) -> None:
    batches = _batches(frames, 0)
    for epoch in (batches[:2], batches[2:4]):
        assert sorted(name for views in epoch for name in views.sequences) == ['one', 'one', 'two', 'two']
    assert not torch.equal(batches[0].images, batches[2].images)


def test_reading_draws_nothing_from_what_the_network_draws(frames: LabelledFrames) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    _batches(frames, 1)
    assert torch.equal(torch.rand(1), expected)


def test_several_processes_share_an_epoch() -> None:
    orders = [
        EpochOrder(frames=6, batch_size=3, steps=1, epochs=range(1), seed=1, process=rank, processes=2)
        for rank in range(2)
    ]
    assert sorted(index for order in orders for batch in order for _, index in batch) == list(range(6))


class _Damaged(LabelledFrames):
    def __getitem__(self, index: int) -> LabelledFrame:
        raise ImageError(f'{self.names[index]}: damaged')


@pytest.mark.parametrize('workers', [0, 1])
def test_a_bad_frame_is_one_line_wherever_it_is_read(workers: int) -> None:
    frames = _Damaged(classes=(), names=('one.png',) * 4, sequences=('a',) * 4)
    with pytest.raises(ImageError) as refused:
        _batches(frames, workers)
    assert str(refused.value) == 'one.png: damaged'


class _ParentDeathSignal(LabelledFrames):
    def __getitem__(self, index: int) -> LabelledFrame:
        number = ctypes.c_int()
        ctypes.CDLL(None).prctl(PR_GET_PDEATHSIG, ctypes.byref(number))
        raise ImageError(f'signal {number.value}')


@pytest.mark.skipif(sys.platform != 'linux', reason='the signal is one of Linux')
def test_a_worker_ends_with_the_process_it_belongs_to() -> None:
    frames = _ParentDeathSignal(classes=(), names=('one.png',) * 4, sequences=('a',) * 4)
    with pytest.raises(ImageError, match=f'^signal {signal.SIGKILL.value}$'):
        _batches(frames, workers=1)


def test_seeds_of_neighbours_differ_and_any_integer_is_one() -> None:
    seeds = {random_seed(seed, epoch, index) for seed in (-1, 0, 1) for epoch in range(3) for index in range(3)}
    assert len(seeds) == 27


def test_workers_are_as_many_as_asked_or_as_there_are_cores_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker_count(0, 1) == 0 and worker_count(3, 2) == 3
    for cores, processes, expected in ((1, 1, 1), (2, 1, 1), (4, 1, 3), (64, 1, 8), (16, 4, 3)):
        monkeypatch.setattr('os.sched_getaffinity', lambda _, cores=cores: set(range(cores)))
        assert worker_count('auto', processes) == expected
