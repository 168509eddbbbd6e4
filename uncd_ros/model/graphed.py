# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A function of one image as a CUDA graph, with page-locked memory on both sides and uploads that overlap."""

from collections.abc import Callable, Mapping
from itertools import cycle
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

WARM_UPS = 3
"""Passes before the recording: libraries choose their kernels and take their memory in the first ones."""


class Launch:
    """The memory of one image on its way: from the page-locked copy of its pixels to the page-locked results.

    A graph has two, so that one image goes up while another is computed.
    """

    def __init__(self, shape: tuple[int, ...], outputs: Mapping[str, Tensor], device: torch.device) -> None:
        self.staged = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        self.pixels = torch.empty(shape, dtype=torch.uint8, device=device)
        self.downloaded = {
            name: torch.empty(output.shape, dtype=output.dtype, pin_memory=True) for name, output in outputs.items()
        }
        self.is_up, self.is_done = torch.cuda.Event(), torch.cuda.Event()  # type: ignore[no-untyped-call]

    def wait(self) -> None:
        """Until its results are down; another thread may run meanwhile."""
        self.is_done.synchronize()

    def results(self) -> dict[str, NDArray[Any]]:
        """Copies, for the next image but one takes the memory; after `wait`."""
        return {name: result.numpy().copy() for name, result in self.downloaded.items()}


class GraphedFunction:
    """Calls `function`, (H, W, 3) uint8 on the device -> name -> tensor there, by replaying what it once did."""

    def __init__(
        self, function: Callable[[Tensor], Mapping[str, Tensor]], shape: tuple[int, ...], device: torch.device
    ) -> None:
        """Raises RuntimeError where the function cannot be recorded, such as for want of memory."""
        self._device = device
        with torch.cuda.device(device):
            self._compute, self._upload = torch.cuda.Stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
            self._input = torch.zeros(shape, dtype=torch.uint8, device=device)
            self._graph = torch.cuda.CUDAGraph()
            # All of it on one stream, as recording demands; sizes are fixed, so trying kernels out pays.
            self._compute.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._compute), torch.backends.cudnn.flags(enabled=True, benchmark=True):
                for _ in range(WARM_UPS):
                    function(self._input)
                # Other threads of the process, such as one that loads another model, go on using the device.
                with torch.cuda.graph(self._graph, stream=self._compute, capture_error_mode='thread_local'):
                    self._outputs = function(self._input)
            torch.cuda.synchronize()
            self._launches = cycle([Launch(shape, self._outputs, device) for _ in range(2)])

    def launch(self, image: NDArray[np.uint8]) -> Launch:
        """Send one image on its way, without waiting; its results must be taken before the next launch but one."""
        launch = next(self._launches)
        launch.staged.numpy()[:] = image
        with torch.cuda.device(self._device):
            with torch.cuda.stream(self._upload):
                launch.pixels.copy_(launch.staged, non_blocking=True)
                launch.is_up.record()
            with torch.cuda.stream(self._compute):
                self._compute.wait_event(launch.is_up)
                self._input.copy_(launch.pixels)
                self._graph.replay()
                for name, output in self._outputs.items():
                    launch.downloaded[name].copy_(output, non_blocking=True)
                launch.is_done.record()
        return launch
