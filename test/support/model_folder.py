# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder changed by hand whose checksums are right again: only its content can give it away."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from uncd_ros.model.card_json import content_checksum


def edit_card(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Let `change` edit the content of model.json in place, then set all checksums anew."""
    content = json.loads((folder / 'model.json').read_text())
    content['files'] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in content['files']}
    change(content)
    content['checksum'] = content_checksum(content)
    (folder / 'model.json').write_text(json.dumps(content))
