# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An ONNX graph as OpenVINO's .xml and .bin: in float32, or quantised to 8-bit integers by NNCF."""

import logging
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nncf
import numpy as np
import openvino
from numpy.typing import NDArray

from uncd_ros.model.openvino_engine import ANOMALY, CONFIDENCE, IMAGE

_CONVOLUTIONS = ('Convolution', 'GroupConvolution')


def convert(onnx: Path) -> Any:
    """The graph of an ONNX file without its confidence, which would cost every pass a logarithm of each pixel."""
    model = openvino.convert_model(onnx)
    for result in model.get_results():
        if CONFIDENCE in result.input_value(0).get_names():
            model.remove_result(result)
    return model


def quantise(model: Any, inputs: Iterable[NDArray[np.uint8]]) -> Any:
    """A copy in 8-bit integers, with ranges from (1, h, w, 3) images: weights symmetric, activations as they need.

    All behind the last convolutions stays in float32: 256 steps of a softmax, or of a Mahalanobis distance, would be
    the uncertainty's and the flag's. So does all that is made of the coarse maps, the whitening of features among it.
    """
    batches = [{IMAGE: batch} for batch in inputs]
    nncf.set_log_level(logging.ERROR)
    return nncf.quantize(
        model.clone(),
        nncf.Dataset(batches),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(batches),
        ignored_scope=nncf.IgnoredScope(names=_behind_convolutions(model), validate=False),
    )


def to_files(model: Any) -> tuple[bytes, bytes]:
    """Contents of .xml and .bin."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'model.xml'
        openvino.save_model(model, path, compress_to_fp16=False)
        return path.read_bytes(), path.with_suffix('.bin').read_bytes()


def _behind_convolutions(model: Any) -> list[str]:
    """Names of the operations between the last convolutions, or the coarse maps, and the outputs."""
    names: set[str] = set()
    for output in model.outputs:
        ends = (*(('AvgPool',) if ANOMALY in output.names else _CONVOLUTIONS), 'Constant', 'Parameter')
        waiting = [output.node.input_value(0).get_node()]
        while waiting:
            node = waiting.pop()
            name = node.get_friendly_name()
            if name not in names and node.get_type_name() not in ends:
                names.add(name)
                waiting += [each.get_node() for each in node.input_values()]
    return sorted(names)
