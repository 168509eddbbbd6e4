# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which engine is asked for, by name. The launch file reads it, too, so nothing here comes from pip."""

from dataclasses import dataclass

from uncd_ros.errors import ConfigError

AUTO = 'auto'
TORCH, OPENVINO = 'torch', 'openvino'
ENGINES = (AUTO, TORCH, OPENVINO)
"""What may be asked for; auto is the fastest that a model folder holds and that gives the right result here."""
F32, F16, BF16, INT8 = 'f32', 'f16', 'bf16', 'int8'
PRECISIONS = (AUTO, F32, F16, BF16, INT8)
"""Type of number in which the network computes: 32-bit float, 16-bit float, bfloat16, or 8-bit integers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineWish:
    """What the user asks for. Raises ConfigError for what an engine has nowhere."""

    engine: str = AUTO
    """One of ENGINES."""
    precision: str = AUTO
    """One of PRECISIONS."""

    def __post_init__(self) -> None:
        if self.engine == TORCH and self.precision not in (AUTO, F32, F16):
            raise ConfigError(f'precision is {self.precision}, but engine torch computes in {F32}, or on CUDA in {F16}')
        if self.engine == OPENVINO and self.precision == F16:
            raise ConfigError(f'precision is {F16}, but engine openvino computes in {F32}, {BF16} or {INT8}')

    def allows(self, engine: str, precision: str) -> bool:
        """Whether this engine may be taken."""
        return self.engine in (AUTO, engine) and self.precision in (AUTO, precision)


ANY_ENGINE = EngineWish()
