# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A file is replaced whole, once its content and its name are on the disk, or stays as it was."""

import os
from pathlib import Path

import pytest

from uncd_ros.durable import write_durably


def test_content_is_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, steps = tmp_path / 'file', []
    fsync, replace = os.fsync, Path.replace

    def record_fsync(descriptor: int) -> None:
        steps.append('folder' if os.path.samestat(os.fstat(descriptor), tmp_path.stat()) else 'content')
        fsync(descriptor)

    def record_replace(source: Path, target: Path) -> Path:
        steps.append('rename')
        assert source.read_bytes() == b'new'
        return replace(source, target)

    monkeypatch.setattr(os, 'fsync', record_fsync)
    monkeypatch.setattr(Path, 'replace', record_replace)
    write_durably(path, b'new')
    assert steps == ['content', 'rename', 'folder'] and path.read_bytes() == b'new'


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / 'file'
    path.write_bytes(b'old')

    def fail(_: int) -> None:
        raise OSError('No space left on device')

    monkeypatch.setattr(os, 'fsync', fail)
    with pytest.raises(OSError, match='No space'):
        write_durably(path, b'new')
    assert path.read_bytes() == b'old' and list(tmp_path.iterdir()) == [path]
