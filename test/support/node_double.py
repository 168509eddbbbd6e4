# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The perception node in the test's own process, with a predictor and a loader that a test can hold up or break."""

import gc
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from support.camera_double import Camera
from support.ros_harness import DOMAIN, PATIENT, Probe
from uncd_ros.model.engine_wish import EngineWish
from uncd_ros.model.fallback_predictor import FallbackPredictor, load_predictor
from uncd_ros.model.predictor import Prediction
from uncd_ros.node import perception_node
from uncd_ros.node.executor import ServicesAsideExecutor
from uncd_ros.node.perception_node import PerceptionNode
from uncd_ros.stopwatch import Stopwatch

PATIENCE = 60.0
"""Seconds after which a gate that nobody opens fails the test."""


class Gate:
    """Open at first. Who passes a closed one waits until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        """Set by who has come to it since it was closed."""
        self._opened = threading.Event()
        self._opened.set()

    def close(self) -> None:
        """Let nobody through."""
        self.reached.clear()
        self._opened.clear()

    def open(self) -> None:
        """Let all through."""
        self._opened.set()

    def pass_through(self) -> None:
        """Wait until it is open."""
        self.reached.set()
        assert self._opened.wait(PATIENCE), 'nobody opened the gate'


class PredictorDouble:
    """A predictor with a gate before each pass, and an error in its place if a test wants one."""

    def __init__(self, predictor: FallbackPredictor, gate: Gate) -> None:
        self._predictor = predictor
        self.gate = gate
        self.error: BaseException | None = None
        self.confidence_asked: list[bool] = []
        self.anomaly_asked: list[bool] = []
        """By pass, as those before."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._predictor, name)

    def predict(
        self, images: Sequence[np.ndarray], watch: Stopwatch, *, confidence: bool = False, anomaly: bool = False
    ) -> list[Prediction]:
        """As the real one, once the gate is open."""
        self.confidence_asked.append(confidence)
        self.anomaly_asked.append(anomaly)
        self.gate.pass_through()
        if self.error:
            raise self.error
        return self._predictor.predict(images, watch, confidence=confidence, anomaly=anomaly)


class NodeDouble:
    """The node in this process; its log is on the test's stderr."""

    output = '(see the captured stderr)'

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.predicting, self.loading = Gate(), Gate()
        self.predictors: list[PredictorDouble] = []
        """In the order in which they were loaded."""

        def load(model: str, device: str, *, fit: str, wish: EngineWish, check: Any) -> PredictorDouble:
            self.loading.pass_through()
            predictor = PredictorDouble(load_predictor(model, device, fit=fit, wish=wish, check=check), self.predicting)
            self.predictors.append(predictor)
            return predictor

        monkeypatch.setattr(perception_node, 'load_predictor', load)
        self.node = PerceptionNode()
        self._main = threading.Thread(target=self.node.main_thread.run, name='main', daemon=True)
        self._main.start()

    def close(self) -> None:
        """End the node for everybody who counts nodes.

        rclpy keeps one alive by its lifecycle services, which refer to it and it to them, until they are collected.
        """
        self.node.stop()
        self.node.destroy_node()
        self.node.main_thread.end()
        self._main.join(PATIENCE)
        del self.node, self._main
        self.predictors.clear()
        gc.collect()

    @property
    def predictor(self) -> PredictorDouble:
        """The one that was loaded last."""
        return self.predictors[-1]


@contextmanager
def node_in_process(
    monkeypatch: pytest.MonkeyPatch, model: Path, **parameters: object
) -> Iterator[tuple[NodeDouble, Camera]]:
    """The node, active, and the first camera, connected to it; `__` in a name stands for a dot."""
    rclpy.init(domain_id=DOMAIN, signal_handler_options=SignalHandlerOptions.NO)
    double = NodeDouble(monkeypatch)
    values = {'model': str(model)} | PATIENT | {name.replace('__', '.'): value for name, value in parameters.items()}
    for result in double.node.set_parameters([Parameter(name, value=value) for name, value in values.items()]):
        assert result.successful, result.reason
    executor, probe = ServicesAsideExecutor(), Probe()
    spinning = threading.Thread(
        target=rclpy.spin_until_future_complete, args=(double.node, double.node.finished, executor), daemon=True
    )
    try:
        assert double.node.start()
        spinning.start()
        camera = Camera(double, probe, parameters.get('cameras', [''])[0])
        camera.wait()
        yield double, camera
    finally:
        double.predicting.open()
        double.loading.open()
        double.node.finished.set_result(None)
        spinning.join(PATIENCE)
        executor.shutdown()
        double.close()
        probe.close()
        rclpy.shutdown()
