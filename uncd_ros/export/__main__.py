# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write a model for other runtimes: ONNX, and OpenVINO in float32, bfloat16 and 8-bit integers.

    python -m uncd_ros.export MODEL                            ONNX and float32, compared with torch
    python -m uncd_ros.export MODEL --calibration FOLDER       and int8, with a threshold of its own

Writes MODEL/engines/. The rest of the model folder is left as it is.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from uncd_ros.errors import UncdError

if TYPE_CHECKING:
    from uncd_ros.model.engine_record import EngineRecord


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog='export_model', description=__doc__.splitlines()[0])
    parser.add_argument('model', help='model folder, or name of a built-in model')
    calibration = (
        'folder of images <sequence>_<frame>, with labels in FOLDERannot if there are any: the drives that calibrated '
        'the model, or nominal ones that it was not trained on; or street, for a model of the procedural street'
    )
    parser.add_argument('--calibration', metavar='FOLDER', help=calibration)
    args = parser.parse_args(arguments)
    try:
        _export(args.model, args.calibration)
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"error: export_model needs {error.name}: pip install 'uncd_ros[export]'", file=sys.stderr)
        return 1
    return 0


def _export(name: str, calibration: str | None) -> None:
    from uncd_ros.export.engines import export
    from uncd_ros.export.frames import open_frames
    from uncd_ros.model.store import load_model

    model = load_model(name)
    frames = None if calibration is None else open_frames(calibration, model.card)
    for record in export(model, frames, str(calibration), print):
        print(_described(record))


def _described(record: 'EngineRecord') -> str:
    """One engine in one line."""
    parity, calibration = record.parity, record.calibration
    text = (
        f'{record.title}: labels equal on {parity.labels_equal:.2%} of the pixels, '
        f'image score {parity.score_shift:+.3f} on {parity.images} images'
    )
    if parity.torch and parity.engine:
        text += f', mIoU {parity.engine.miou:.4f} (torch {parity.torch.miou:.4f})'
    if calibration is None:
        return f'{text}; refused for the flag: {record.refusal}'
    return f'{text}; calibrated: {calibration.reason}'


if __name__ == '__main__':
    sys.exit(main())
