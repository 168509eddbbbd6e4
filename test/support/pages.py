# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""README and docs, and what they are held against: the programs' own help and the parameter file."""

import functools
import io
import os
import re
import runpy
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from unittest import mock

import pytest
import yaml

from support.project import PROJECT

PAGES = [
    'README.md', 'CONTRIBUTING.md', 'QUALITY_DECLARATION.md',
    *(f'docs/{path.name}' for path in sorted((PROJECT / 'docs').glob('*.md'))),
]  # fmt: skip
TEXTS = {page: (PROJECT / page).read_text(encoding='utf-8') for page in PAGES}


def run_python(program: str, *arguments: str) -> str:
    """Run a file of the project, as `python program arguments` would; what it prints. It must succeed."""
    output, status = io.StringIO(), None
    argv, environment = mock.patch.object(sys, 'argv', [program, *arguments]), mock.patch.dict(os.environ)
    with argv, environment, redirect_stdout(output), redirect_stderr(output):
        try:
            runpy.run_path(str(PROJECT / program), run_name='__main__')
        except SystemExit as end:
            status = end.code
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split('.')[0] in ('uncd_ros', 'training'):
                raise
            pytest.skip(f'{program} needs {error.name}')
    if status:
        pytest.fail(f'{program} {shlex.join(arguments)}: {status}\n{output.getvalue()}')
    return output.getvalue()


@functools.cache
def options(program: str) -> frozenset[str]:
    """Every option that a file of the project knows."""
    text = run_python(program, '--help')
    more = options('training/distill.py') if 'training/distill.py --help' in text else frozenset()
    return frozenset(re.findall(r'(?<!\w)--?[A-Za-z][\w.-]*', text)) | more


def default_parameters() -> dict[str, object]:
    """Dotted name -> default, as config/perception.yaml has them."""
    file = yaml.safe_load((PROJECT / 'config/perception.yaml').read_text())
    values = file['/**/segmentation']['ros__parameters']
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    groups = {name: value for name, value in values.items() if isinstance(value, dict)}
    return plain | {f'{group}.{name}': value for group, inner in groups.items() for name, value in inner.items()}
