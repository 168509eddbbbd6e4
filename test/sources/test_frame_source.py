# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frame sources: order, colours, and one clear line for everything that cannot be played."""

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from uncd_ros.errors import SourceError
from uncd_ros.sources.frame_source import open_source
from uncd_ros.street.drive import StreetDrive

DATA = Path(os.environ.get('UNCD_DATA', Path(__file__).parents[3] / 'shared/data'))


def write_video(path: Path, frames: int) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 12.5, (64, 48))
    for value in range(frames):
        writer.write(np.full((48, 64, 3), 10 * value % 250, np.uint8))
    writer.release()


def test_street_is_bgr_and_can_be_played_twice():
    source = open_source('street')
    first = StreetDrive().scene(0).image
    assert (source.name, source.fps, source.frame_count) == ('street', 20.0, len(StreetDrive()))
    for _ in range(2):
        frame = next(iter(source))
        assert frame.flags.c_contiguous
        np.testing.assert_array_equal(frame[..., ::-1], first)


def test_folder_is_in_natural_order_whatever_the_format(tmp_path):
    names = ['2.png', '10.bmp', '1.ppm', 'a3.TIF', 'a20.png']
    for name in names:
        cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), len(name) + names.index(name) * 20, np.uint8))
    (tmp_path / 'notes.txt').write_text('not an image')
    source = open_source(str(tmp_path))
    assert source.frame_count == 5
    order = ['1.ppm', '2.png', '10.bmp', 'a3.TIF', 'a20.png']
    assert [int(frame[0, 0, 0]) for frame in source] == [len(name) + names.index(name) * 20 for name in order]


def test_video_gives_every_frame_and_its_rate(tmp_path):
    write_video(tmp_path / 'ten.avi', 10)
    source = open_source(str(tmp_path / 'ten.avi'))
    frames = list(source)
    assert (source.name, source.fps, source.frame_count, len(frames)) == ('ten.avi', 12.5, 10, 10)
    np.testing.assert_allclose([frame.mean() for frame in frames], np.arange(10) * 10, atol=2)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(
        SourceError, match=r"gone\.mp4: not found, expected 'street', a video file, a folder of images or a bag"
    ):
        open_source(str(tmp_path / 'gone.mp4'))
    with pytest.raises(SourceError, match='no image in this folder, expected jpg'):
        open_source(str(tmp_path))


@pytest.mark.parametrize('content', [b'', b'this is no video' * 100])
def test_a_file_that_is_no_video_is_named(tmp_path, content):
    path = tmp_path / 'broken.mp4'
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf'broken\.mp4: {len(content)} bytes that OpenCV cannot open'):
        open_source(str(path))


def test_the_codec_adds_no_lines_of_its_own(tmp_path):
    path = tmp_path / 'broken.mp4'
    path.write_bytes(b'this is no video')
    program = (
        f'from uncd_ros.sources import frame_source as f\ntry: f.open_source({str(path)!r})\nexcept f.SourceError: pass'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b'', b'')


def test_a_video_cut_in_half_is_played_and_then_named(tmp_path):
    path = tmp_path / 'cut.avi'
    write_video(path, 40)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match=r'cut\.avi'):
        list(open_source(str(path)))


def test_a_real_drive_plays():
    video = DATA / 'video/city.mp4'
    if not video.is_file():
        pytest.skip(f'{video} is not there; UNCD_DATA names the folder with real data')
    source = open_source(str(video))
    assert source.frame_count == 1044, 'what the file states; it holds 1010'
    assert [frame.shape for frame in islice(source, 3)] == [(360, 640, 3)] * 3
