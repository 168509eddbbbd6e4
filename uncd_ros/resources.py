# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the files that come with the package lie: beside it in the sources, under `share/` once installed."""

from pathlib import Path

from uncd_ros.errors import UncdError

PACKAGE = 'uncd_ros'


def share_path(*parts: str) -> Path:
    """A file or folder such as `models` or `config/perception.yaml`; UncdError if this installation has none.

    The sources, an editable install and `colcon build --symlink-install` have it beside the package;
    pip, colcon and apt put it into `<prefix>/share/uncd_ros`, some levels above their site-packages.
    """
    package = Path(__file__).resolve().parent
    roots = [package.parent] if (package.parent / 'package.xml').is_file() else []
    roots += [parent / 'share' / PACKAGE for parent in package.parents]
    for root in roots:
        if root.joinpath(*parts).exists():
            return root.joinpath(*parts)
    raise UncdError(
        f'{"/".join(parts)}: not found beside {package} nor in a share/{PACKAGE} above it; is the install complete?'
    )
